package io.meshd.daemon.plugin;

import io.meshd.api.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What {@code POST /plugins/create} takes: a tar of {@code config.json} and {@code rootfs}. An
 * Engine wants a managed plugin to be a process in a file system of its own, and calls the socket
 * beside it; here the socket is the daemon's, and the process only has to be there. It is the
 * node's own shell, which waits: the file system has nothing but the places where the node's
 * programs and libraries are mounted, read-only.
 */
final class PluginArchive {
  private PluginArchive() {}

  /** The socket's name in the plugin's folder. */
  static final String SOCKET = "meshd.sock";

  /** Of programs and libraries; folders or, where all is in /usr, links. */
  private static final List<String> PLACES =
      List.of("usr", "bin", "lib", "lib32", "lib64", "libx32");

  static byte[] make() throws IOException {
    List<Map<String, Object>> mounts = new ArrayList<>();
    Tar tar = new Tar();
    tar.folder("rootfs/");
    for (String place : PLACES) {
      Path path = Path.of("/" + place);
      if (Files.isSymbolicLink(path)) {
        tar.link("rootfs/" + place, Files.readSymbolicLink(path).toString());
      } else if (Files.isDirectory(path)) {
        tar.folder("rootfs/" + place + "/");
        mounts.add(
            Map.of(
                "Name", place,
                "Source", path.toString(),
                "Destination", path.toString(),
                "Type", "bind",
                "Options", List.of("rbind", "ro")));
      }
    }
    tar.file("config.json", Json.bytes(config(mounts)));
    return tar.bytes();
  }

  /** Process 1 ends on a signal only where it says so; an Engine that stops waits for it. */
  private static final List<String> PROCESS =
      List.of("sh", "-c", "trap exit TERM; sleep infinity & wait");

  private static Map<String, Object> config(List<Map<String, Object>> mounts) {
    return Map.of(
        "Description",
        "Networks of a Docker Swarm, carried by the meshd of the node",
        "Entrypoint",
        PROCESS,
        "Interface",
        Map.of("Socket", SOCKET, "Types", List.of("docker.networkdriver/1.0")),
        "Linux",
        Map.of("Capabilities", List.of()),
        "Mounts",
        mounts,
        "Network",
        Map.of("Type", "none"));
  }

  /** The format ustar (POSIX.1-1988), as far as it is needed here: short names, root's files. */
  private static final class Tar {
    private static final int BLOCK = 512;
    private static final int MODE_AT = 100;
    private static final int SIZE_AT = 124;
    private static final int TIME_AT = 136;
    private static final int CHECKSUM_AT = 148;
    private static final int TYPE_AT = 156;
    private static final int LINK_AT = 157;
    private static final int MAGIC_AT = 257;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    void folder(String name) {
      entry(name, '5', 0755, "", new byte[0]);
    }

    void link(String name, String target) {
      entry(name, '2', 0777, target, new byte[0]);
    }

    void file(String name, byte[] content) {
      entry(name, '0', 0644, "", content);
    }

    private void entry(String name, char type, int mode, String link, byte[] content) {
      byte[] header = new byte[BLOCK];
      put(header, 0, name);
      put(header, MODE_AT, "%07o".formatted(mode));
      put(header, MODE_AT + 8, "%07o".formatted(0));
      put(header, MODE_AT + 16, "%07o".formatted(0));
      put(header, SIZE_AT, "%011o".formatted(content.length));
      put(header, TIME_AT, "%011o".formatted(0));
      put(header, CHECKSUM_AT, " ".repeat(8));
      header[TYPE_AT] = (byte) type;
      put(header, LINK_AT, link);
      put(header, MAGIC_AT, "ustar\00000");
      int sum = 0;
      for (byte each : header) {
        sum += each & 0xff;
      }
      put(header, CHECKSUM_AT, "%06o\0 ".formatted(sum));
      out.writeBytes(header);
      out.writeBytes(content);
      out.writeBytes(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
    }

    private static void put(byte[] header, int at, String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    byte[] bytes() {
      out.writeBytes(new byte[2 * BLOCK]);
      return out.toByteArray();
    }
  }
}
