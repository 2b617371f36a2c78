package io.meshd.daemon.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.pcollections.HashTreePMap;

/**
 * What an earlier meshd has written, kept in files, a set for each {@link CommandFormat}: a later
 * one reads all of it and comes to the same state. Where the present one writes anything else, it
 * is of a later format, and says so; then {@code -Dmeshd.golden=write} writes the files of that
 * format. Those of earlier formats never change.
 */
class GoldenFormatTest {
  private static final Path FILES = Path.of("src/test/resources/io/meshd/daemon/state");
  private static final boolean WRITE = "write".equals(System.getProperty("meshd.golden"));
  private static final int FIRST_KEPT = 4;
  private static final int COMMANDS = 400;
  private static final int STRETCH = 50;
  private static final ObjectMapper JSON = new ObjectMapper();

  static Stream<Integer> formats() {
    return Stream.iterate(FIRST_KEPT, format -> format <= CommandFormat.CURRENT, f -> f + 1);
  }

  private static Path file(String name, int format) {
    return FILES.resolve(name.formatted(format));
  }

  /** Each command with all its fields, a line each; and the state, as a snapshot has it. */
  private static byte[] commandsNow() {
    StringBuilder lines = new StringBuilder();
    for (Class<?> command : Command.class.getPermittedSubclasses()) {
      lines.append(new String(StateCodec.encode((Command) Filled.of(command)), UTF_8)).append('\n');
    }
    return lines.toString().getBytes(UTF_8);
  }

  private static ClusterState stateNow() {
    return new ClusterState(
        7,
        Filled.of(ClusterRecord.class),
        HashTreePMap.singleton("n", Filled.of(NodeRecord.class)),
        HashTreePMap.singleton("net", Filled.of(NetworkRecord.class)),
        HashTreePMap.singleton("s", Filled.of(ServiceRecord.class)),
        HashTreePMap.singleton("t", Filled.of(TaskRecord.class)),
        HashTreePMap.singleton("e", Filled.of(EndpointRecord.class)),
        HashTreePMap.singleton("a", Filled.of(NodeAddress.class)),
        Filled.of(Allocation.class));
  }

  /** Entries as they stood in a log, and after each stretch of them what state that gave. */
  private static byte[] historyNow() {
    RandomCommands commands = new RandomCommands(20261124);
    StateMachine machine = new StateMachine();
    StringBuilder lines = new StringBuilder();
    for (int i = 1; i <= COMMANDS; i++) {
      byte[] entry = StateCodec.encode(commands.next(machine.state()));
      machine.apply(entry);
      lines.append(new String(entry, UTF_8)).append('\n');
      if (i % STRETCH == 0) {
        lines.append("= ").append(StateCodec.digest(machine.state())).append('\n');
      }
    }
    return lines.toString().getBytes(UTF_8);
  }

  private static Map<String, byte[]> now() {
    return Map.of(
        "commands-%d.jsonl", commandsNow(),
        "snapshot-%d.bin", Snapshot.write(stateNow()),
        "history-%d.jsonl", historyNow());
  }

  @BeforeAll
  static void writeThoseOfANewFormat() throws IOException {
    for (Map.Entry<String, byte[]> each : now().entrySet()) {
      Path file = file(each.getKey(), CommandFormat.CURRENT);
      if (WRITE && !Files.exists(file)) {
        Files.write(file, each.getValue());
      }
    }
  }

  @Test
  void whatIsWrittenNowIsOfTheFormatThatItSays() throws Exception {
    for (Map.Entry<String, byte[]> each : now().entrySet()) {
      Path file = file(each.getKey(), CommandFormat.CURRENT);
      assertEquals(
          lines(Files.readAllBytes(file)),
          lines(each.getValue()),
          file.getFileName() + " is what managers of format " + CommandFormat.CURRENT + " know");
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void commandsOfEarlierFormatsAreReadWhole(int format) throws Exception {
    List<String> lines = lines(Files.readAllBytes(file("commands-%d.jsonl", format)));
    assertTrue(lines.size() > 30, "commands: " + lines.size());
    for (String line : lines) {
      byte[] again = StateCodec.encode(StateCodec.decodeCommand(line.getBytes(UTF_8)));
      assertKept(JSON.readTree(line), JSON.readTree(again), line);
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void statesOfEarlierFormatsAreReadWhole(int format) throws Exception {
    byte[] golden = Files.readAllBytes(file("snapshot-%d.bin", format));
    byte[] json = Arrays.copyOfRange(golden, golden.length - jsonBytes(golden), golden.length);
    StateMachine machine = new StateMachine();
    machine.restore(golden);
    assertKept(
        JSON.readTree(json), JSON.readTree(StateCodec.encode(machine.state())), "the snapshot");
  }

  @ParameterizedTest
  @MethodSource("formats")
  void anEarlierLogLeadsToTheSameState(int format) throws Exception {
    StateMachine machine = new StateMachine();
    int stretches = 0;
    for (String line : lines(Files.readAllBytes(file("history-%d.jsonl", format)))) {
      if (line.startsWith("= ")) {
        assertEquals(line.substring(2), StateCodec.digest(machine.state()), "in " + stretches);
        stretches++;
      } else {
        machine.apply(line.getBytes(UTF_8));
      }
    }
    assertEquals(COMMANDS / STRETCH, stretches);
  }

  private static int jsonBytes(byte[] snapshot) {
    return ByteBuffer.wrap(snapshot).getInt(12);
  }

  private static List<String> lines(byte[] text) {
    return new String(text, UTF_8).lines().toList();
  }

  /** Fields may have come since; none that was there is lost or different. */
  private static void assertKept(JsonNode before, JsonNode after, String where) throws IOException {
    if (before.isObject()) {
      for (Map.Entry<String, JsonNode> field : before.properties()) {
        JsonNode kept = after.get(field.getKey());
        assertTrue(kept != null, field.getKey() + " is lost in " + where);
        assertKept(field.getValue(), kept, where);
      }
    } else if (before.isArray()) {
      assertEquals(before.size(), after.size(), where);
      for (int i = 0; i < before.size(); i++) {
        assertKept(before.get(i), after.get(i), where);
      }
    } else {
      assertEquals(before, after, where);
    }
  }
}
