package io.meshd.daemon.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.http.Routes.Doors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes with other users and groups at the socket; the group is one that every Debian has. */
@Timeout(30)
class SocketUsersTest {
  private static final String GROUP = "audio";
  private static final String GROUP_ID = "29";

  @TempDir Path folder;
  private Path socket;
  private ApiServer server;

  @BeforeEach
  void open() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    socket = folder.resolve("meshd.sock");
    server = new ApiServer(ApiServerTest.settings());
    server.routes().add(Doors.LOCAL, "GET", "/hello", e -> e.respond(200, "hello"));
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  @Test
  void rootAndTheGroupSpeakAndNobodyElse() throws Exception {
    server.openUnix(socket, GROUP);
    assertEquals("root:audio rw-rw----", ownerAndMode());
    assertEquals("200", status("--reuid=0", "--regid=0", "--clear-groups"));
    assertEquals("200", status("--reuid=65534", "--regid=" + GROUP_ID, "--clear-groups"));
    assertEquals("200", status("--reuid=65534", "--regid=65534", "--groups=" + GROUP_ID));
    assertEquals("200", status("--reuid=65534", "--regid=65534", "--groups=4,20,29,46"));
    // The kernel refuses these by the file's mode.
    assertEquals("000", status("--reuid=65534", "--regid=65534", "--clear-groups"));
    assertEquals("000", status("--reuid=65534", "--regid=0", "--groups=0"));
    assertEquals(0, refused());
  }

  @Test
  void aWiderModeOpensItToNobody() throws Exception {
    server.openUnix(socket, GROUP);
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
    assertEquals("403", status("--reuid=65534", "--regid=65534", "--clear-groups"));
    assertEquals("403", status("--reuid=65534", "--regid=0", "--groups=0,4"));
    assertEquals(2, refused());
    assertEquals(
        "{\"message\":\"permission denied while trying to connect to the meshd daemon socket at"
            + " unix://"
            + socket
            + ": uid 65534 is neither root nor in the group audio\"}",
        curl(List.of(), "--reuid=65534", "--regid=65534", "--clear-groups").strip());
    assertEquals("200", status("--reuid=65534", "--regid=65534", "--groups=" + GROUP_ID));
  }

  @Test
  void whereThereIsNoSuchGroupItIsRootsAlone() throws Exception {
    server.openUnix(socket, "meshd-no-such");
    assertEquals("root:root rw-------", ownerAndMode());
    assertEquals("200", status("--reuid=0", "--regid=0", "--clear-groups"));
    assertEquals("000", status("--reuid=65534", "--regid=0", "--groups=0"));
    Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
    assertEquals("403", status("--reuid=65534", "--regid=0", "--groups=0"));
    assertEquals(Map.of("api.socket.refused", 1L), server.counters());
  }

  private long refused() {
    return server.counters().getOrDefault("api.socket.refused", -1L);
  }

  private String ownerAndMode() throws IOException {
    var attributes =
        Files.readAttributes(socket, java.nio.file.attribute.PosixFileAttributes.class);
    return attributes.owner().getName()
        + ":"
        + attributes.group().getName()
        + " "
        + PosixFilePermissions.toString(attributes.permissions());
  }

  /** The HTTP status; 000 where the socket cannot be connected to. */
  private String status(String... who) throws Exception {
    return curl(List.of("-o", "/dev/null", "-w", "%{http_code}"), who);
  }

  private String curl(List<String> options, String... who) throws Exception {
    List<String> line = new ArrayList<>(List.of("setpriv"));
    line.addAll(List.of(who));
    line.addAll(List.of("curl", "-s", "-m", "10", "--unix-socket", socket.toString()));
    line.addAll(options);
    line.add("http://meshd/hello");
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(10, TimeUnit.SECONDS));
    return out;
  }
}
