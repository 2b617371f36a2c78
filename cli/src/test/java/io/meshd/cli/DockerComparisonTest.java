package io.meshd.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * What the stock docker CLI 28.2.2 printed for the same answers of the API, letter by letter:
 * standard output, standard error and exit code.
 */
final class DockerComparisonTest {
  @TestFactory
  Stream<DynamicTest> printsWhatDockerPrints() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    try (InputStream in = RecordedPeer.resource("/docker-28.2.2.json")) {
      for (JsonNode expected : Json.MAPPER.readTree(in)) {
        List<String> words = new ArrayList<>();
        expected.path("command").forEach(word -> words.add(word.asText()));
        String name = expected.path("recorded").asText() + ": " + String.join(" ", words);
        tests.add(DynamicTest.dynamicTest(name, () -> compare(expected, words)));
      }
    }
    return tests.stream();
  }

  private static void compare(JsonNode expected, List<String> words) throws IOException {
    try (RecordedPeer peer = RecordedPeer.of(expected.path("recorded").asText())) {
      Run run = Run.of(peer.host(), words.toArray(String[]::new));
      assertEquals(expected.path("out").asText(), run.out());
      assertEquals(expected.path("err").asText(), run.err());
      assertEquals(expected.path("code").asInt(), run.code());
    }
  }
}
