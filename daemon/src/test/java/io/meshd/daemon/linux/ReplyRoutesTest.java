package io.meshd.daemon.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.linux.ReplyRoutes.Port;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The kernel is asked what it would do, in a namespace as a task has it. */
class ReplyRoutesTest {
  private static final String SERVER = " from 10.0.1.3 ipproto tcp sport 80";

  private ScratchNamespaces scratch;
  private Path task;

  @BeforeEach
  void task() throws Exception {
    scratch = new ScratchNamespaces();
    task = scratch.make("task");
    new IpChanges()
        .line("link add name eth0 type veth peer name far0")
        .line("link add name eth1 type veth peer name far1")
        .line("link set dev far0 up")
        .line("link set dev far1 up")
        .line("address add 10.0.1.3/24 dev eth0")
        .line("address add 172.18.0.3/16 dev eth1")
        .line("link set dev eth0 up")
        .line("link set dev eth1 up")
        .line("route add default via 172.18.0.1 dev eth1")
        .apply(task);
  }

  @AfterEach
  void remove() throws Exception {
    scratch.close();
  }

  @Test
  void answersToClientsGoOverTheOverlayAndNothingElse() throws Exception {
    bring(new Port("tcp", 80));
    assertTrue(way("203.0.113.7" + SERVER).contains("via 10.0.1.1 dev eth0"));
    // In a subnet that the task's node has for other things, the client's is another node's.
    assertTrue(way("172.18.0.9" + SERVER).contains("via 10.0.1.1 dev eth0"));
    assertTrue(way("10.0.1.9" + SERVER).startsWith("10.0.1.9 from 10.0.1.3 dev eth0"));
    assertTrue(way("203.0.113.7 from 10.0.1.3 ipproto tcp sport 81").contains("dev eth1"));
    assertTrue(way("203.0.113.7").contains("via 172.18.0.1 dev eth1"));
    assertTrue(way("203.0.113.7 from 10.0.1.3 ipproto icmp").contains("dev eth0"));
  }

  @Test
  void anUnboundUdpServerAnswersFromTheAddressThatWasAsked() throws Exception {
    bring(new Port("udp", 53));
    String unbound = way("203.0.113.7 ipproto udp sport 53");
    assertTrue(unbound.contains("via 10.0.1.1 dev eth0"), unbound);
    assertTrue(unbound.contains("src 10.0.1.3"), unbound);
    assertTrue(way("172.18.0.9 ipproto udp sport 53").contains("dev eth1"));
    assertTrue(way("203.0.113.7 ipproto udp sport 54").contains("dev eth1"));
    assertTrue(way("203.0.113.7 from 10.0.1.3 ipproto udp").contains("dev eth0"));
  }

  @Test
  void rulesComeAndGoWithThePortsAndRepeatingChangesNothing() throws Exception {
    List<String> before = rules();
    bring(new Port("tcp", 80), new Port("udp", 53));
    List<String> both = rules();
    assertEquals(before.size() + 5, both.size(), both.toString());
    bring(new Port("tcp", 80), new Port("udp", 53));
    assertEquals(both, rules());
    bring(new Port("tcp", 80));
    assertEquals(before.size() + 2, rules().size(), rules().toString());
    bring();
    assertEquals(before, rules());
  }

  private void bring(Port... ports) throws Exception {
    new ReplyRoutes("eth0", "10.0.1.3", "10.0.1.0/24", "10.0.1.1", Set.copyOf(Arrays.asList(ports)))
        .bring(task);
  }

  private List<String> rules() throws Exception {
    return ip("rule", "show").lines().toList();
  }

  private String way(String question) throws Exception {
    return ip(("route get " + question).split(" "));
  }

  private String ip(String... words) throws Exception {
    String[] command = new String[words.length + 1];
    command[0] = ToolRun.find("ip");
    System.arraycopy(words, 0, command, 1, words.length);
    ToolRun run = ScratchNamespaces.in(task, command);
    assertEquals(0, run.exit(), run.err());
    return run.out();
  }
}
