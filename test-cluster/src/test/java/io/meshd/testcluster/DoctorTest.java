package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** {@code meshctl doctor} on a cluster that is well, and on one with real faults in it. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DoctorTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Cluster cluster = Cluster.shared(DoctorTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void aPublishedService() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    services.create(
        "web",
        List.of("--network", "net", "--replicas", "2", "-p", "8080:80"),
        Cluster.pageServer(),
        "80");
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  /** What is wrong, as NODE CHECK RESULT. */
  private record Seen(int exitCode, JsonNode checkup, List<String> faults) {
    String text(String node, String check) {
      List<String> texts = new ArrayList<>();
      for (JsonNode one : checkup.path("Findings")) {
        if (one.path("Node").asText().equals(node) && one.path("Check").asText().equals(check)) {
          texts.add(one.path("Text").asText());
        }
      }
      return String.join("\n", texts);
    }
  }

  private Seen doctor() throws IOException {
    CommandResult result = cluster.meshctl("n1", "doctor", "--format", "json");
    assertTrue(result.out().startsWith("{"), result.out() + result.err());
    JsonNode checkup = JSON.readTree(result.out());
    TreeSet<String> faults = new TreeSet<>();
    for (JsonNode one : checkup.path("Findings")) {
      String level = one.path("Result").asText();
      if (level.equals("warning") || level.equals("error")) {
        faults.add(one.path("Node").asText() + " " + one.path("Check").asText() + " " + level);
        assertTrue(one.path("Mend").asText().length() > 10, one.toString());
      }
    }
    return new Seen(result.exitCode(), checkup, List.copyOf(faults));
  }

  private void awaitWell() {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              Seen seen = doctor();
              assertEquals(List.of(), seen.faults(), seen.checkup().toString());
              assertEquals(0, seen.exitCode());
              assertEquals(3, seen.checkup().path("Nodes").size());
              assertTrue(seen.text("n2", "vxlan").contains("1500 bytes pass to n1, n3"));
              assertEquals("all published TCP ports of n2 answer (1)", seen.text("n1", "firewall"));
            });
  }

  @Test
  void eachFaultIsNamedWithItsMendAndNothingElseIs() throws IOException {
    awaitWell();
    String last = cluster.meshctl("n1", "doctor").orFail().lines().toList().getLast();
    assertTrue(last.startsWith("ok: 3 nodes examined"), last);
    CommandResult worker = cluster.meshctl("n2", "doctor");
    assertTrue(worker.err().contains("meshctl doctor --local"), worker.err());
    assertTrue(cluster.meshctl("n2", "doctor", "--local", "--all").ok());

    String route = subnetOf("net").replaceFirst("0/24$", "128/25");
    String holder =
        cluster.sh(
            "n1",
            "python3 -c 'import socket,time; s=socket.socket(); s.bind((\"\",8097));"
                + " print(1,flush=True); time.sleep(1000)' >/tmp/doctor.held 2>&1 & echo $!;"
                + " while ! [ -s /tmp/doctor.held ]; do sleep 0.05; done; rm /tmp/doctor.held");
    try {
      services.start(
          "taken", List.of("--network", "net", "-p", "8097:80"), Cluster.pageServer(), "80");
      cluster.sh("n1", "ip route add " + route + " dev eth0");
      cluster.sh("n2", drops("tcp dport 8080 drop", "udp dport 7946 drop"));
      cluster.sh("n3", drops("udp dport 4789 drop", "tcp dport 2377 reject with tcp reset"));
      cluster.sh("underlay", "ip link set n2 mtu 1400");
      services.converged("taken");
      Seen seen = doctor();
      assertEquals(
          List.of(
              "n1 control error",
              "n1 gossip error",
              "n1 ports error",
              "n1 subnets warning",
              "n1 vxlan error",
              "n1 vxlan warning",
              "n2 control error",
              "n2 firewall error",
              "n2 gossip error",
              "n2 vxlan error",
              "n2 vxlan warning",
              "n3 nodes error"),
          // The kernel lets joined segments through a link whose MTU they exceed, single ones not.
          seen.faults().stream().filter(fault -> !fault.contains(" bulk ")).toList(),
          seen.checkup().toString());
      assertEquals(1, seen.exitCode());
      said(seen, "n1", "control", "TCP 10.99.0.3:2377 of n3 does not answer");
      said(seen, "n1", "gossip", "n2 (10.99.0.2) does not answer on UDP 7946, but it does on the");
      said(seen, "n1", "ports", "8097/tcp");
      said(seen, "n1", "subnets", "network net overlaps with the route " + route + " by eth0");
      said(seen, "n1", "vxlan", "packets of 1500 bytes do not pass to n2");
      said(seen, "n1", "vxlan", "n3 does not answer on UDP 4789");
      said(seen, "n2", "firewall", "published port 8080/tcp does not answer n1");
    } finally {
      cluster.sh("underlay", "ip link set n2 mtu 1500");
      cluster.sh("n1", "kill " + holder.strip() + "; ip route del " + route);
      cluster.sh("n2", "nft delete table inet doctored");
      cluster.sh("n3", "nft delete table inet doctored");
      cluster.meshctl(List.of("service", "rm", "taken"));
    }
    awaitWell();
  }

  private static void said(Seen seen, String node, String check, String words) {
    assertTrue(seen.text(node, check).contains(words), seen.checkup().toString());
  }

  private static String drops(String... rules) {
    return "nft 'table inet doctored { chain input { type filter hook input priority 0; "
        + String.join("; ", rules)
        + "; }; }'";
  }

  private String subnetOf(String network) {
    return cluster
        .meshctl(
            List.of("network", "inspect", "--format", "{{(index .IPAM.Config 0).Subnet}}", network))
        .strip();
  }
}
