package io.meshd.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code exec}: the connection becomes a stream in both directions; the exit code comes back. */
@Timeout(30)
final class ExecTest {
  private RecordedPeer peer;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  ExecTest() throws IOException {
    peer = new RecordedPeer();
  }

  @BeforeEach
  void answers() {
    peer.answer("POST /containers/web.1/exec", 201, "{\"Id\":\"e1\"}");
    peer.answer("GET /exec/e1/json", 200, "{\"ID\":\"e1\",\"Running\":false,\"ExitCode\":7}");
  }

  @AfterEach
  void close() throws IOException {
    peer.close();
  }

  private int run(String input, String... args) {
    InputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
    Meshctl meshctl =
        new Meshctl(in, new PrintStream(out), new PrintStream(err), false, peer.host());
    return meshctl.run(List.of(args));
  }

  private static byte[] frame(int stream, String text) {
    byte[] payload = text.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(8 + payload.length)
        .put((byte) stream)
        .position(4)
        .putInt(payload.length)
        .put(payload)
        .array();
  }

  @Test
  void splitsOutputAndPassesTheExitCodeOn() {
    peer.upgrade(
        "POST /exec/e1/start",
        input -> List.of(frame(1, "to out\n"), frame(2, "to err\n"), frame(1, "more\n")));
    int code = run("", "exec", "web.1", "ls", "-l");
    assertEquals(7, code);
    assertEquals("to out\nmore\n", out.toString(StandardCharsets.UTF_8));
    assertEquals("to err\n", err.toString(StandardCharsets.UTF_8));
    String body = peer.requests().getFirst().body();
    assertTrue(body.contains("\"Cmd\":[\"ls\",\"-l\"]"), body);
    assertTrue(body.contains("\"AttachStdin\":false"), body);
  }

  @Test
  void sendsInputAndItsEnd() {
    peer.upgrade("POST /exec/e1/start", input -> List.of(frame(1, "got " + input)));
    int code = run("typed\n", "exec", "-i", "web.1", "cat");
    assertEquals(7, code);
    assertEquals("got typed\n", out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aRefusalIsOneSentence() {
    peer.answer("POST /containers/far.1/exec", 404, "{\"message\":\"task far.1 runs on n2\"}");
    assertEquals(1, run("", "exec", "far.1", "ls"));
    assertEquals(
        "Error response from daemon: task far.1 runs on n2\n",
        err.toString(StandardCharsets.UTF_8));
  }
}
