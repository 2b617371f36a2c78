package io.meshd.daemon.control;

import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateCodec;
import io.meshd.daemon.state.StateDelta;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * One line of a watch: {@code {"full":STATE}}, {@code {"delta":DELTA}} or {@code {"beat":VERSION}},
 * each ended by a newline. A beat says that nothing is newer than that version.
 */
sealed interface WatchLine {
  record Full(ClusterState state) implements WatchLine {}

  record Delta(StateDelta delta) implements WatchLine {}

  record Beat(long version) implements WatchLine {}

  /** With the newline. */
  default byte[] encode() {
    return switch (this) {
      case Full full -> line("{\"full\":", StateCodec.encode(full.state));
      case Delta delta -> line("{\"delta\":", StateCodec.encode(delta.delta));
      case Beat beat ->
          line("{\"beat\":", Long.toString(beat.version).getBytes(StandardCharsets.US_ASCII));
    };
  }

  private static byte[] line(String head, byte[] value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(head.length() + value.length + 2);
    out.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(value);
    out.write('}');
    out.write('\n');
    return out.toByteArray();
  }

  /**
   * @param line without the newline
   * @throws IOException in words when it is none
   */
  static WatchLine decode(String line) throws IOException {
    int colon = line.indexOf(':');
    if (colon < 0 || !line.endsWith("}")) {
      throw new IOException("a line of the watch is cut short");
    }
    byte[] value = line.substring(colon + 1, line.length() - 1).getBytes(StandardCharsets.UTF_8);
    try {
      return switch (line.substring(0, colon)) {
        case "{\"full\"" -> new Full(StateCodec.decode(value));
        case "{\"delta\"" -> new Delta(StateCodec.decodeDelta(value));
        case "{\"beat\"" -> new Beat(Long.parseLong(new String(value, StandardCharsets.US_ASCII)));
        default -> throw new IOException("a line of the watch is of an unknown kind");
      };
    } catch (RuntimeException e) {
      throw new IOException("a line of the watch cannot be read: " + e.getMessage());
    }
  }
}
