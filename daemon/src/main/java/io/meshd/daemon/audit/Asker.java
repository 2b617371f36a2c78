package io.meshd.daemon.audit;

import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Peer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who asks for a change, as fields of its line.
 *
 * @param fields in the order of their printing
 */
public record Asker(Map<String, String> fields) {

  /** With a forwarded call: the user of the unix socket at the node where it came in. */
  public static final String USER_HEADER = "X-Meshd-Uid";

  /**
   * Of a call that a user of this node made on the unix socket, or that another node passed on; the
   * user there is what that node says, and its certificate says which node it is.
   *
   * @param self this node's ID, empty in no cluster
   */
  public static Asker of(Exchange exchange, String self) {
    Map<String, String> fields = new LinkedHashMap<>();
    switch (exchange.peer()) {
      case Peer.Local local -> {
        fields.put("uid", Integer.toString(local.uid()));
        put(fields, "user", userName(local.uid()));
        put(fields, "node", self);
      }
      case Peer.Remote remote -> {
        put(fields, "uid", uid(exchange.header(USER_HEADER)));
        put(fields, "node", remote.nodeId());
        put(fields, "role", remote.role());
        put(fields, "address", remote.address());
      }
    }
    return new Asker(fields);
  }

  /** Somebody without a certificate: whoever joins. */
  public static Asker stranger(String address) {
    return new Asker(Map.of("address", address));
  }

  private static void put(Map<String, String> fields, String name, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      fields.put(name, value);
    }
  }

  private static @Nullable String uid(@Nullable String said) {
    return said != null && said.matches("\\d{1,10}") ? said : null;
  }

  /** By passwd(5): name:password:uid:...; null where it is in no local file. */
  private static @Nullable String userName(int uid) {
    try {
      for (String line : Files.readAllLines(Path.of("/etc/passwd"))) {
        String[] entry = line.split(":", 4);
        if (entry.length == 4 && entry[2].equals(Integer.toString(uid))) {
          return entry[0];
        }
      }
    } catch (IOException _) {
      // The number alone is enough.
    }
    return null;
  }
}
