package io.meshd.cli.service;

import io.meshd.api.Tasks;
import io.meshd.cli.task.NameResolver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Nodes that have something else under the same image's name: without a digest each uses what it
 * has.
 */
final class ImageDifferences {
  /** {@code sha256:} and the twelve digits that Docker shows. */
  private static final int SHOWN = 19;

  private ImageDifferences() {}

  /** A sentence for each image that is not the same for all tasks that run. */
  static List<String> of(List<Tasks.Task> tasks, NameResolver names) {
    Map<String, Map<String, TreeSet<String>>> nodesByImage = new LinkedHashMap<>();
    for (Tasks.Task task : tasks) {
      Tasks.ContainerStatus status = task.status().containerStatus();
      String image = task.spec().containerSpec().image();
      String node = task.nodeId();
      if (status != null
          && status.imageId() != null
          && image != null
          && node != null
          && task.status().state().equals("running")) {
        nodesByImage
            .computeIfAbsent(image, name -> new TreeMap<>())
            .computeIfAbsent(status.imageId(), id -> new TreeSet<>())
            .add(names.node(node));
      }
    }
    List<String> sentences = new ArrayList<>();
    nodesByImage.forEach(
        (image, nodes) -> {
          if (nodes.size() > 1) {
            List<String> parts = new ArrayList<>();
            nodes.forEach(
                (id, those) ->
                    parts.add(
                        id.substring(0, Math.min(SHOWN, id.length()))
                            + " on "
                            + String.join(", ", those)));
            sentences.add(
                "image " + image + " is not the same on all nodes: " + String.join("; ", parts));
          }
        });
    return sentences;
  }
}
