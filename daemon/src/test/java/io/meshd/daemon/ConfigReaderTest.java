package io.meshd.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.MeshdConfig.LogLevel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What meshd makes of its flags and of meshd.yaml. */
class ConfigReaderTest {
  @TempDir Path folder;

  @Test
  void theDefaultsAreThese() throws Exception {
    assertEquals(
        new MeshdConfig(
            Path.of("/var/lib/meshd"),
            Path.of("/run/meshd"),
            Path.of("/run/meshd/meshd.sock"),
            new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 2377),
            7946,
            2,
            2,
            LogLevel.INFO,
            "machine",
            null,
            null,
            Path.of("/var/run/docker.sock"),
            Path.of("/run/docker/plugins/meshd.sock")),
        read());
    assertEquals(4, new ConfigReader(file(), "m", 16).read().dataLoops());
  }

  @Test
  void everyKeyCanBeSetInTheFile() throws Exception {
    write(
        """
        # A comment.
        data-dir: /d
        run-dir: "/r"
        socket: /s
        listen-addr: "[::1]:1234"
        gossip-port: 7956
        data-loops: 3
        ingress-loops: 5
        log-level: debug
        hostname: 7
        health-addr: 10.0.0.5:30001
        metrics-addr: 127.0.0.1:9323
        docker-socket: /e
        plugin-socket: /p
        """);
    assertEquals(
        new MeshdConfig(
            Path.of("/d"),
            Path.of("/r"),
            Path.of("/s"),
            new InetSocketAddress(InetAddress.ofLiteral("::1"), 1234),
            7956,
            3,
            5,
            LogLevel.DEBUG,
            "7",
            new InetSocketAddress(InetAddress.ofLiteral("10.0.0.5"), 30001),
            new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 9323),
            Path.of("/e"),
            Path.of("/p")),
        read());
  }

  @Test
  void flagsWinOverTheFile() throws Exception {
    write("run-dir: /file\ndata-loops: 3\n");
    MeshdConfig config = read("--run-dir", "/flag", "--hostname=n1");
    assertEquals(Path.of("/flag/meshd.sock"), config.socket());
    assertEquals(3, config.dataLoops());
    assertEquals("n1", config.hostname());
  }

  @Test
  void anotherFileCanBeNamed() throws Exception {
    Path other = Files.writeString(folder.resolve("other.yaml"), "hostname: other");
    write("hostname: usual");
    assertEquals("other", read("--config", other.toString()).hostname());
    assertEquals(
        folder + "/none.yaml cannot be read: no such file",
        failure("--config", folder + "/none.yaml"));
  }

  @Test
  void anEmptyFileSetsNothing() throws Exception {
    for (String text : new String[] {"", "# nothing\n", "---\n", "{}"}) {
      write(text);
      assertEquals("machine", read().hostname());
    }
  }

  @Test
  void anUnknownKeyIsNamedWithItsLine() throws Exception {
    write("hostname: n1\n\ndata-dirr: /x\n");
    assertEquals(
        file()
            + " line 3: unknown key data-dirr (allowed are data-dir, run-dir, socket, listen-addr,"
            + " gossip-port, data-loops, ingress-loops, log-level, hostname, health-addr,"
            + " metrics-addr, docker-socket, plugin-socket)",
        failure());
  }

  @Test
  void wrongValuesAreToldInWords() throws Exception {
    assertWrong("data-dir: x", "data-dir must be an absolute path, not \"x\"");
    assertWrong("data-dir: [a, b]", "data-dir must be one plain value");
    assertWrong("data-dir:", "data-dir must be one plain value");
    assertWrong("gossip-port: 0", "gossip-port must be a port from 1 to 65535, not \"0\"");
    assertWrong("data-loops: many", "data-loops must be a whole number from 1 to 64, not \"many\"");
    assertWrong("data-loops: 0", "data-loops must be a whole number from 1 to 64, not \"0\"");
    assertWrong(
        "ingress-loops: 65", "ingress-loops must be a whole number from 1 to 64, not \"65\"");
    assertWrong(
        "log-level: loud", "log-level must be error, warn, info, debug or trace, not \"loud\"");
    for (String address : new String[] {"2377", "host:1", "::1:80", "1.2.3.4:0", "1.2.3.4:x"}) {
      assertWrong(
          "listen-addr: \"" + address + "\"",
          "listen-addr must be an address and a port, such as 10.0.0.5:2377 or [::]:2377, not \""
              + address
              + "\"");
    }
    assertWrong(
        "hostname: a b",
        "hostname must be a host name of at most 63 letters, digits, '.', '_' and '-', not \"a b\"");
    write("hostname: a\nhostname: b\n");
    assertEquals(file() + " line 2: hostname is set twice", failure());
    assertEquals(
        "--data-loops must be a whole number from 1 to 64, not \"x\"",
        failure("--data-loops=x", "--config=" + Files.writeString(folder.resolve("e"), "")));
  }

  @Test
  void whatIsNoYamlMapIsToldSo() throws Exception {
    write("- a\n- b\n");
    assertEquals(file() + " must hold lines of the form KEY: VALUE", failure());
    write("hostname: \"n1\n");
    assertTrue(failure().startsWith(file() + " is not valid YAML: "), failure());
  }

  @Test
  void wrongFlagsAreNamed() {
    assertEquals("unknown flag --port; meshd --help lists what there is", failure("--port", "1"));
    assertEquals("unexpected argument run; meshd --help lists what there is", failure("run"));
    assertTrue(failure("--data-dir").startsWith("Missing required parameter for option"));
  }

  @Test
  void helpNamesEveryFlag() throws Exception {
    ConfigReader reader = new ConfigReader();
    String help = reader.answer("--help").orElseThrow();
    for (ConfigKey key : ConfigKey.values()) {
      assertTrue(help.contains(key.flag()), help);
    }
    assertTrue(reader.answer("--version").orElseThrow().matches("meshd version \\d+\\..*\n"));
    assertTrue(reader.answer("--hostname", "n1").isEmpty());
  }

  private void assertWrong(String line, String message) throws Exception {
    write(line + "\n");
    assertEquals(file() + " line 1: " + message, failure());
  }

  private MeshdConfig read(String... flags) throws StartupException {
    return new ConfigReader(file(), "machine", 2).read(flags);
  }

  private String failure(String... flags) {
    return String.valueOf(assertThrows(StartupException.class, () -> read(flags)).getMessage());
  }

  private Path file() {
    return folder.resolve("meshd.yaml");
  }

  private void write(String text) throws Exception {
    Files.writeString(file(), text);
  }
}
