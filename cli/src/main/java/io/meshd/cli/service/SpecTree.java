package io.meshd.cli.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A service's spec as JSON. An update sends back what it was given with changes in it, so fields of
 * a newer daemon survive; the records of the API would drop them.
 */
final class SpecTree {
  private final ObjectNode root;

  SpecTree(ObjectNode root) {
    this.root = root;
  }

  ObjectNode root() {
    return root;
  }

  ObjectNode task() {
    return child(root, "TaskTemplate");
  }

  ObjectNode container() {
    return child(task(), "ContainerSpec");
  }

  ObjectNode placement() {
    return child(task(), "Placement");
  }

  ObjectNode endpoint() {
    return child(root, "EndpointSpec");
  }

  /** The object under a name, made when it is not there. */
  static ObjectNode child(ObjectNode parent, String name) {
    return parent.path(name) instanceof ObjectNode there ? there : parent.putObject(name);
  }

  static List<String> strings(JsonNode parent, String name) {
    List<String> list = new ArrayList<>();
    parent.path(name).forEach(item -> list.add(item.asText()));
    return list;
  }

  /** Sets a list; an empty one takes the field away. */
  static void put(ObjectNode parent, String name, List<?> values) {
    if (values.isEmpty()) {
      parent.remove(name);
    } else {
      ArrayNode array = Json.MAPPER.valueToTree(values);
      parent.set(name, array);
    }
  }

  static <T> List<T> read(JsonNode parent, String name, Class<T[]> type) {
    JsonNode list = parent.path(name);
    return list.isArray()
        ? new ArrayList<>(Arrays.asList(Json.MAPPER.convertValue(list, type)))
        : new ArrayList<>();
  }
}
