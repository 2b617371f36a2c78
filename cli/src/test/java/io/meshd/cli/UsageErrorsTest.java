package io.meshd.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bad command lines: Docker's words, exit code 125, and nothing sent to the daemon. */
final class UsageErrorsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "network create|meshctl: 'meshctl network create' requires 1 argument",
        "network ls x|meshctl: 'meshctl network ls' accepts no arguments",
        "doctor x|meshctl: 'meshctl doctor' accepts no arguments",
        "doctor --every|unknown flag: --every",
        "service ps|meshctl: 'meshctl service ps' requires at least 1 argument",
        "exec x|meshctl: 'meshctl exec' requires at least 2 arguments",
        "node ls -z|unknown shorthand flag: 'z' in -z",
        "node ls --foo|unknown flag: --foo",
        "--foo ps|unknown flag: --foo",
        "foo|meshctl: unknown command: meshctl foo",
        "network foo|meshctl: unknown command: meshctl network foo",
        "service create --name|flag needs an argument: --name",
        "service create -p|flag needs an argument: 'p' in -p",
        "service create --secret a b|flag --secret is not supported by meshd",
        "service create --replicas x a|invalid argument \"x\" for \"--replicas\" flag:"
            + " strconv.ParseUint: parsing \"x\": invalid syntax",
        "service create --detach=foo x|invalid argument \"foo\" for \"-d, --detach\" flag:"
            + " strconv.ParseBool: parsing \"foo\": invalid syntax",
        "service create --update-delay 5 img|invalid argument \"5\" for \"--update-delay\" flag:"
            + " time: missing unit in duration \"5\"",
        "service create -p 80:x img|invalid argument \"80:x\" for \"-p, --publish\" flag: invalid"
            + " containerPort: x",
        "service create -p 70000:80 img|invalid argument \"70000:80\" for \"-p, --publish\" flag:"
            + " invalid hostPort: 70000",
        "service create -e =x img|invalid argument \"=x\" for \"-e, --env\" flag: invalid"
            + " environment variable: =x",
        "service ls --filter foo|invalid argument \"foo\" for \"-f, --filter\" flag: bad format of"
            + " filter (expected name=value)",
        "service publish 8080:|invalid port \"8080:\": no port specified: 8080:<empty>",
        "service scale a|invalid scale specifier 'a'.",
      })
  void namesWhatIsWrong(String line, String words) throws IOException {
    try (RecordedPeer peer = new RecordedPeer()) {
      Run run = Run.of(peer.host(), line.split(" "));
      assertEquals(words, run.err().lines().findFirst().orElse(""));
      assertEquals("", run.out());
      assertEquals(125, run.code());
      assertTrue(peer.requests().isEmpty());
    }
  }

  @Test
  void usageFollowsTheError() {
    Run run = Run.of("unix:///nowhere", "network", "create");
    assertEquals(
        """
        meshctl: 'meshctl network create' requires 1 argument

        Usage:  meshctl network create [OPTIONS] NETWORK

        Run 'meshctl network create --help' for more information
        """,
        run.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "service create --mode foo img|Unknown mode: foo, only replicated and global supported",
        "service create --replicas 2 --mode global a|replicas can only be used with replicated or"
            + " replicated-job mode",
        "service scale a=x|a: invalid replicas value x: strconv.ParseUint: parsing \"x\": invalid"
            + " syntax",
        "swarm join-token foo|unknown role foo",
        "swarm init --availability x|invalid availability \"x\", only active, pause and drain are"
            + " supported",
        "network create --subnet 10/8 x|invalid CIDR address: 10/8",
        "network create --gateway 10.0.0.1 x|every ip-range or gateway must have a corresponding"
            + " subnet",
        "network create --subnet 10.0.0.0/24 --gateway 10.0.1.1 x|no matching subnet for gateway"
            + " 10.0.1.1",
        "endpoint attach --network n|exactly one of --netns and --pid is required",
      })
  void valuesThatDoNotFitAreErrorsToo(String line, String words) throws IOException {
    try (RecordedPeer peer = new RecordedPeer()) {
      Run run = Run.of(peer.host(), line.split(" "));
      assertEquals(words + "\n", run.err());
      assertEquals(1, run.code());
      assertTrue(peer.requests().isEmpty());
    }
  }

  @Test
  void anAbsentDaemonIsSaidSo(@TempDir Path folder) throws IOException {
    String host = "unix://" + folder.resolve("none.sock");
    String sentence =
        "Cannot connect to the meshd daemon at " + host + ". Is the meshd daemon running?\n";
    assertEquals(new Run("", sentence, 1), Run.of(host, "service", "ls"));
    Files.createFile(folder.resolve("none.sock"));
    assertEquals(new Run("", sentence, 1), Run.of(host, "service", "ls"));
  }

  @Test
  void theHostFlagWins() {
    Run run = Run.of("unix:///a", "-H", "unix:///b", "node", "ls");
    assertEquals(
        "Cannot connect to the meshd daemon at unix:///b. Is the meshd daemon running?\n",
        run.err());
  }
}
