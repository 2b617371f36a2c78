package io.meshd.daemon.state;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * States, deltas, commands and outcomes as JSON. The same value gives the same bytes on every node:
 * map entries are written in the order of their keys. Unknown fields are ignored, so that a newer
 * node's words can be read; unknown commands are not.
 */
public final class StateCodec {
  private StateCodec() {}

  private static final String FORMAT = "format";

  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .defaultPropertyInclusion(
              JsonInclude.Value.construct(JsonInclude.Include.NON_NULL, JsonInclude.Include.ALWAYS))
          .build();

  /** The state with its maps in the order of their keys. */
  private record Document(
      long version,
      @Nullable ClusterRecord cluster,
      Map<String, NodeRecord> nodes,
      Map<String, NetworkRecord> networks,
      Map<String, ServiceRecord> services,
      Map<String, TaskRecord> tasks,
      Map<String, EndpointRecord> endpoints,
      Map<String, NodeAddress> nodeAddresses,
      @Nullable Allocation allocation) {}

  /** The full state, tokens and allocators included; see {@link ClusterState#redacted}. */
  public static byte[] encode(ClusterState state) {
    return write(
        new Document(
            state.version(),
            state.cluster(),
            new TreeMap<>(state.nodes()),
            new TreeMap<>(state.networks()),
            new TreeMap<>(state.services()),
            new TreeMap<>(state.tasks()),
            new TreeMap<>(state.endpoints()),
            new TreeMap<>(state.nodeAddresses()),
            state.allocation()));
  }

  /**
   * @throws UncheckedIOException when the bytes are no state
   */
  public static ClusterState decode(byte[] json) {
    Document read = read(json, Document.class);
    return new ClusterState(
        read.version,
        read.cluster,
        persistent(read.nodes),
        persistent(read.networks),
        persistent(read.services),
        persistent(read.tasks),
        persistent(read.endpoints),
        persistent(read.nodeAddresses),
        read.allocation == null ? Allocation.EMPTY : read.allocation);
  }

  /** SHA-256 of the whole state in hexadecimal: where two managers differ, so does it. */
  public static String digest(ClusterState state) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(encode(state)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  public static byte[] encode(StateDelta delta) {
    return write(delta);
  }

  /**
   * @throws UncheckedIOException when the bytes are no delta
   */
  public static StateDelta decodeDelta(byte[] json) {
    return read(json, StateDelta.class);
  }

  /** A log entry. Its format stands in it where it is not the first. */
  public static byte[] encode(Command command) {
    if (command.format() == CommandFormat.FIRST) {
      return write(command);
    }
    ObjectNode entry = MAPPER.valueToTree(command);
    return write(entry.put(FORMAT, command.format()));
  }

  /** What every version reads of an entry, whatever else is in it. */
  private record Head(@Nullable Integer format) {}

  /**
   * @throws UncheckedIOException when the bytes are no entry of any version
   */
  static int formatOf(byte[] entry) {
    Integer format = read(entry, Head.class).format();
    return format == null ? CommandFormat.FIRST : format;
  }

  /**
   * @throws UncheckedIOException when the bytes are no command that this version knows
   */
  public static Command decodeCommand(byte[] json) {
    return read(json, Command.class);
  }

  /** What the machine answers to a log entry. */
  public static byte[] encode(Outcome outcome) {
    return write(outcome);
  }

  /**
   * @throws UncheckedIOException when the bytes are no outcome
   */
  public static Outcome decodeOutcome(byte[] json) {
    return read(json, Outcome.class);
  }

  /** How long one record is in what is written here. */
  static int encodedBytes(Object record) {
    return write(record).length;
  }

  private static <V> PMap<String, V> persistent(@Nullable Map<String, V> map) {
    return map == null ? HashTreePMap.empty() : HashTreePMap.from(map);
  }

  private static byte[] write(Object value) {
    try {
      return MAPPER.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static <T> T read(byte[] json, Class<T> type) {
    try {
      T value = MAPPER.readValue(json, type);
      if (value == null) {
        throw new IOException("null where a " + type.getSimpleName() + " belongs");
      }
      return value;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
