package io.meshd.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What {@code service create} and {@code service update} make of a container's lists, flag by flag:
 * what the stock docker CLI 28.2.2 sent, or said, in its place.
 */
final class ContainerListsComparisonTest {
  private static JsonNode recorded() throws IOException {
    try (InputStream in = RecordedPeer.resource("/container-lists-28.2.2.json")) {
      return Json.MAPPER.readTree(in);
    }
  }

  @TestFactory
  Stream<DynamicTest> aNewServiceIsWhatDockerMakes() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode expected : recorded().path("creates")) {
      List<String> line = line(expected, "create", "--no-resolve-image");
      line.add("busybox");
      JsonNode container = expected.path("container");
      ObjectNode wanted = container.isObject() ? container.deepCopy() : null;
      if (wanted != null) {
        wanted.put("Image", "busybox:latest");
      }
      tests.add(test(expected, line, wanted));
    }
    return tests.stream();
  }

  /** Fields that the recorded update did not change are sent as they were. */
  @TestFactory
  Stream<DynamicTest> anUpdateChangesWhatDockerChanges() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode expected : recorded().path("updates")) {
      List<String> line = line(expected, "update");
      line.add("web");
      ObjectNode wanted = null;
      if (expected.path("changed") instanceof ObjectNode changed) {
        wanted = container(recorded().path("service").path("Spec")).deepCopy();
        wanted.setAll(changed);
      }
      tests.add(test(expected, line, wanted));
    }
    return tests.stream();
  }

  private static List<String> line(JsonNode expected, String... words) {
    List<String> line = new ArrayList<>(List.of("service"));
    line.addAll(List.of(words));
    line.add("-d");
    expected.path("flags").forEach(flag -> line.add(flag.asText()));
    return line;
  }

  private static DynamicTest test(
      JsonNode expected, List<String> line, @Nullable ObjectNode wanted) {
    return DynamicTest.dynamicTest(String.join(" ", line), () -> compare(expected, line, wanted));
  }

  /** {@code wanted}: the container's spec; null for a line that is refused. */
  private static void compare(JsonNode expected, List<String> line, @Nullable ObjectNode wanted)
      throws IOException {
    try (RecordedPeer peer = new RecordedPeer()) {
      peer.answer("GET /services/web", 200, recorded().path("service").toString());
      peer.answer("POST /services/s1/update", 200, "{}");
      peer.answer("POST /services/create", 201, "{\"ID\":\"s1\"}");
      Run run = Run.of(peer.host(), line.toArray(String[]::new));
      assertEquals(expected.path("err").asText(""), run.err().lines().findFirst().orElse(""));
      assertEquals(expected.path("code").asInt(), run.code());
      // A value that cannot be meant is said before anybody is asked.
      assertTrue(run.code() != 125 || peer.requests().isEmpty());
      List<RecordedPeer.Request> sent =
          peer.requests().stream().filter(r -> r.method().equals("POST")).toList();
      assertEquals(wanted == null ? 0 : 1, sent.size());
      for (RecordedPeer.Request request : sent) {
        assertEquals(
            withoutNothing(Objects.requireNonNull(wanted)),
            withoutNothing(container(Json.MAPPER.readTree(request.body()))));
      }
    }
  }

  private static JsonNode container(JsonNode spec) {
    return spec.path("TaskTemplate").path("ContainerSpec");
  }

  /** Without what asks for nothing: Go leaves it out, or writes it as an empty object. */
  private static JsonNode withoutNothing(JsonNode value) {
    for (Iterator<JsonNode> parts = value.elements(); parts.hasNext(); ) {
      JsonNode part = withoutNothing(parts.next());
      boolean nothing =
          part.isNull()
              || (part.isBoolean() && !part.booleanValue())
              || (part.isContainerNode() && part.isEmpty());
      if (nothing && value.isObject()) {
        parts.remove();
      }
    }
    return value;
  }
}
