package io.meshd.daemon.state;

import static io.meshd.daemon.state.TestCluster.AT;
import static io.meshd.daemon.state.TestCluster.createNetwork;
import static io.meshd.daemon.state.TestCluster.createService;
import static io.meshd.daemon.state.TestCluster.request;
import static io.meshd.daemon.state.TestCluster.spec;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Networks;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworksTest {
  private final TestCluster cluster = TestCluster.of(3);

  @Test
  void ingressTakesTheFirstSubnetAndVniAndGivesEveryNodeAnAddress() {
    NetworkRecord ingress = cluster.network("ingress");
    assertEquals("10.0.0.0/24", ingress.subnet());
    assertEquals("10.0.0.1", ingress.gateway());
    assertEquals(4096, ingress.vni());
    assertEquals(
        List.of("10.0.0.2", "10.0.0.3", "10.0.0.4"),
        List.of("n1", "n2", "n3").stream()
            .map(
                n -> {
                  NodeAddress address =
                      cluster.state().nodeAddresses().get(NodeAddress.key("ingressid", n));
                  return address == null ? "none" : address.attachment().address();
                })
            .toList());
  }

  @Test
  void firstUserNetworkIsSwarms() {
    cluster.done(createNetwork("netaid", "neta"));
    NetworkRecord network = cluster.network("neta");
    assertEquals("10.0.1.0/24", network.subnet());
    assertEquals("10.0.1.1", network.gateway());
    assertEquals(4097, network.vni());
    assertTrue(network.attachable());
    cluster.done(createNetwork("netbid", "netb"));
    assertEquals("10.0.2.0/24", cluster.network("netb").subnet());
    assertEquals(4098, cluster.network("netb").vni());
  }

  @Test
  void aGoneNetworksVniRests() {
    cluster.done(createNetwork("netaid", "neta"));
    cluster.done(new Command.RemoveNetwork(AT, "neta"));
    cluster.done(createNetwork("netbid", "netb"));
    assertEquals(4098, cluster.network("netb").vni());
    assertEquals("10.0.1.0/24", cluster.network("netb").subnet());
  }

  @Test
  void duplicateNamesAreRefusedInDockersWords() {
    cluster.done(createNetwork("netaid", "ov1"));
    assertEquals(
        "network with name ov1 already exists", cluster.refusal(createNetwork("x", "ov1")));
    assertEquals(
        "network with name ingress already exists", cluster.refusal(createNetwork("x", "ingress")));
    assertEquals(
        "bridge is a pre-defined network and cannot be created",
        cluster.refusal(createNetwork("x", "bridge")));
  }

  @Test
  void overlappingSubnetIsRefusedAtOnceNamingBoth() {
    cluster.done(createNetwork("a", request("big", "10.9.0.0/16", null, null, false, Map.of())));
    assertEquals(
        "Pool overlaps with other one on this address space: subnet 10.9.4.0/24 of network small"
            + " overlaps with subnet 10.9.0.0/16 of network big",
        cluster.refusal(
            createNetwork("b", request("small", "10.9.4.0/24", null, null, false, Map.of()))));
    assertEquals(
        "Pool overlaps with other one on this address space: subnet 10.0.0.0/16 of network small"
            + " overlaps with subnet 10.0.0.0/24 of network ingress",
        cluster.refusal(
            createNetwork("b", request("small", "10.0.0.0/16", null, null, false, Map.of()))));
    assertEquals(
        "subnet 192.0.2.0/24 of network small contains 192.0.2.1, the address of node host1",
        cluster.refusal(
            createNetwork("b", request("small", "192.0.2.0/24", null, null, false, Map.of()))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "10.9.0.0/33 | - | - | ipam configuration: invalid subnet 10.9.0.0/33",
        "nonsense | - | - | ipam configuration: invalid subnet nonsense",
        "10.9.0.0/24 | 10.8.0.0/25 | - | ipam configuration: subnet 10.9.0.0/24 does not contain"
            + " range 10.8.0.0/25",
        "10.9.0.0/24 | 10.9.0.0/8 | - | ipam configuration: subnet 10.9.0.0/24 does not contain"
            + " range 10.9.0.0/8",
        "10.9.0.0/24 | what | - | ipam configuration: invalid range what",
        "10.9.0.0/24 | - | 10.8.0.1 | ipam configuration: subnet 10.9.0.0/24 does not contain"
            + " gateway 10.8.0.1",
        "10.9.0.0/24 | - | 10.9.0.300 | ipam configuration: invalid gateway 10.9.0.300",
        "10.9.0.0/24 | - | 10.9.0.255 | ipam configuration: invalid gateway 10.9.0.255: it is the"
            + " network or broadcast address of 10.9.0.0/24",
        "- | 10.9.0.0/24 | - | every ip-range or gateway must have a corresponding subnet",
        "10.9.0.0/31 | - | - | ipam configuration: invalid subnet 10.9.0.0/31: its prefix length"
            + " must be between 8 and 30",
        "fd00::/64 | - | - | subnet fd00::/64 is IPv6, which the network has with --ipv6 only",
      })
  void badAddressingIsRefused(String subnet, String range, String gateway, String message) {
    assertEquals(
        message,
        cluster.refusal(
            createNetwork("x", request("net", subnet, range, gateway, false, Map.of()))));
  }

  @Test
  void rangeAndGatewayAreKept() {
    cluster.done(
        createNetwork(
            "r", request("ranged", "10.9.0.0/16", "10.9.5.0/29", "10.9.5.1", false, Map.of())));
    cluster.done(createService("s", spec("svc", 1, "ranged")));
    assertEquals("10.9.5.0/16", cluster.service("svc").virtualIps().getFirst().addr());
    cluster.tasks("s", "n1", "t1");
    assertEquals("10.9.5.2", cluster.task("t1").attachments().getFirst().address());
  }

  @Test
  void explicitVniIsTakenOnce() {
    Map<String, String> option = Map.of(NetworkTransitions.VNI_OPTION, "5000");
    cluster.done(createNetwork("a", request("a1", null, null, null, false, option)));
    assertEquals(5000, cluster.network("a1").vni());
    assertEquals(
        "VXLAN ID 5000 is already in use by network a1",
        cluster.refusal(createNetwork("b", request("b1", null, null, null, false, option))));
    for (String bad : List.of("0", "16777216", "-1", "x", "", "5001,5002", "99999999999")) {
      assertTrue(
          cluster
              .refusal(
                  createNetwork(
                      "b",
                      request(
                          "b1",
                          null,
                          null,
                          null,
                          false,
                          Map.of(NetworkTransitions.VNI_OPTION, bad))))
              .startsWith("invalid VXLAN ID \"" + bad + "\""));
    }
  }

  @Test
  void whatCannotBeDoneYetIsRefusedInWords() {
    Networks.CreateRequest plain = request("net", null, null, null, false, Map.of());
    assertEquals(
        "network driver \"macvlan\" is not supported: only \"overlay\" networks can be created",
        cluster.refusal(createNetwork("x", driver(plain, "macvlan", false, false))));
    assertEquals(
        "the ingress network has IPv4 only: leave IPv6 out",
        cluster.refusal(createNetwork("x", driver(plain, "overlay", true, true))));
    assertEquals(
        "ingress network (ingressid) is already present",
        cluster.refusal(createNetwork("x", driver(plain, "overlay", false, true))));
  }

  @Test
  void theOptionEncryptedSaysItByBeingThere() {
    Map<String, Map<String, String>> options =
        Map.of("a", Map.of("encrypted", ""), "b", Map.of("encrypted", "true"), "c", Map.of());
    options.forEach(
        (name, given) -> {
          cluster.done(createNetwork(name, request(name, null, null, null, false, given)));
          NetworkRecord made = cluster.state().networks().get(name);
          assertEquals(!given.isEmpty(), made != null && made.encrypted(), name);
        });
  }

  private static Networks.CreateRequest driver(
      Networks.CreateRequest r, String driver, boolean ipv6, boolean ingress) {
    return new Networks.CreateRequest(
        r.name(),
        driver,
        null,
        null,
        null,
        ipv6,
        null,
        null,
        r.attachable(),
        ingress,
        null,
        null,
        null,
        null);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | meta: name must be provided",
        "a b | name must be valid as a DNS name component",
        "-a | name must be valid as a DNS name component",
        "a. | name must be valid as a DNS name component",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            + " | name must be 63 characters or fewer",
      })
  void badNamesAreRefused(String name, String message) {
    assertEquals(message, cluster.refusal(createNetwork("x", name)));
    assertEquals(message, cluster.refusal(createService("x", spec(name, 1))));
  }

  @Test
  void networkInUseStays() {
    cluster.done(createNetwork("netid", "net"));
    cluster.done(createService("svcid", spec("svc", 1, "net")));
    assertEquals(
        "network netid is in use by service svcid",
        cluster.refusal(new Command.RemoveNetwork(AT, "net")));
    cluster.tasks("svcid", "n1", "t1");
    cluster.done(cluster.update("svc", spec("svc", 1)));
    assertEquals(
        "network netid is in use by task t1",
        cluster.refusal(new Command.RemoveNetwork(AT, "net")));
    cluster.done(new Command.SetDesiredState(AT, List.of("t1"), TaskState.SHUTDOWN));
    cluster.done(
        new Command.AttachEndpoint(AT, "e1", "n1", "net", null, null, "/run/netns/x", null));
    assertEquals(
        "network netid is in use by endpoint e1",
        cluster.refusal(new Command.RemoveNetwork(AT, "net")));
    cluster.done(new Command.DetachEndpoint(AT, "e1"));
    cluster.done(new Command.RemoveNetwork(AT, "net"));
    assertEquals(List.of(), cluster.task("t1").attachments());
    assertFalse(cluster.state().allocation().nextHost().containsKey("netid"));
    assertEquals(
        "the ingress network cannot be removed",
        cluster.refusal(new Command.RemoveNetwork(AT, "ingress")));
    assertEquals("network net not found", cluster.refusal(new Command.RemoveNetwork(AT, "net")));
  }

  @Test
  void networksAreFoundByUnambiguousIdPrefix() {
    cluster.done(createNetwork("abc1", "one"));
    cluster.done(createNetwork("abd2", "two"));
    assertEquals(
        "network ab is ambiguous (2 matches found)",
        cluster.refusal(new Command.RemoveNetwork(AT, "ab")));
    assertEquals("abc1", cluster.done(new Command.RemoveNetwork(AT, "abc")).id());
  }

  @Test
  void endpointsAttachOnlyWhereAllowed() {
    cluster.done(createNetwork("a", request("closed", null, null, null, false, Map.of())));
    cluster.done(createNetwork("b", "open"));
    assertEquals(
        "network closed not manually attachable",
        cluster.refusal(
            new Command.AttachEndpoint(AT, "e", "n1", "closed", null, null, "/n", null)));
    assertEquals(
        "network ingress not manually attachable",
        cluster.refusal(
            new Command.AttachEndpoint(AT, "e", "n1", "ingress", null, null, "/n", null)));
    cluster.done(
        new Command.AttachEndpoint(AT, "e1", "host2", "open", null, "db", "/n", "10.0.2.77"));
    EndpointRecord endpoint = cluster.state().endpoints().values().iterator().next();
    assertEquals("02:42:0a:00:02:4d", endpoint.attachment().mac());
    assertEquals("n2", endpoint.nodeId());
    assertEquals("eth0", endpoint.interfaceName());
    assertEquals(
        "Address already in use: 10.0.2.77",
        cluster.refusal(
            new Command.AttachEndpoint(AT, "e2", "n1", "open", null, null, "/n", "10.0.2.77")));
    assertEquals(
        "Address already in use: 10.0.2.1",
        cluster.refusal(
            new Command.AttachEndpoint(AT, "e2", "n1", "open", null, null, "/n", "10.0.2.1")));
    assertEquals(
        "endpoint with name db already exists",
        cluster.refusal(
            new Command.AttachEndpoint(AT, "e2", "n1", "open", null, "db", "/n", null)));
    assertEquals(
        "no configured subnet contains IP address 10.0.9.9: network open has 10.0.2.0/24",
        cluster.refusal(
            new Command.AttachEndpoint(AT, "e2", "n1", "open", null, null, "/n", "10.0.9.9")));
    cluster.done(createNetwork("c", "more"));
    cluster.done(new Command.AttachEndpoint(AT, "e3", "n2", "more", null, null, "/n", null));
    EndpointRecord second = cluster.state().endpoints().get("e3");
    assertEquals("eth1", second == null ? "none" : second.interfaceName());
  }

  @Test
  void containersHaveTheNamesThatTheirNodeSays() {
    cluster.done(createNetwork("a", request("closed", null, null, null, false, Map.of())));
    cluster.done(createNetwork("b", "open"));
    assertEquals(
        "network closed not manually attachable",
        cluster.refusal(new Command.AttachContainer(AT, "c", "n1", "closed", null)));
    cluster.done(new Command.AttachContainer(AT, "c1", "n1", "open", "10.0.2.77"));
    cluster.done(new Command.AttachContainer(AT, "c2", "n2", "open", null));
    assertEquals(
        "Address already in use: 10.0.2.77",
        cluster.refusal(new Command.AttachContainer(AT, "c3", "n2", "open", "10.0.2.77")));
    assertEquals(EndpointRecord.Container.UNNAMED, container("c1").container());
    // Each node for its own; one name may be that of several.
    for (String node : List.of("n1", "n2")) {
      cluster.done(
          new Command.NameContainers(
              AT,
              node,
              List.of(
                  new Command.ContainerName("c1", "id-" + node, "web", List.of("www")),
                  new Command.ContainerName("gone", "id-" + node, "x", List.of()))));
    }
    assertEquals("web", container("c1").name());
    assertEquals(
        new EndpointRecord.Container("id-n1", List.of("www")), container("c1").container());
    assertEquals(EndpointRecord.Container.UNNAMED, container("c2").container());
    long version = cluster.state().version();
    cluster.done(
        new Command.NameContainers(
            AT, "n1", List.of(new Command.ContainerName("c1", "id-n1", "web", List.of("www")))));
    assertEquals(version, cluster.state().version());
    // A namespace may be called as a container is.
    cluster.done(new Command.AttachEndpoint(AT, "e", "n1", "open", null, "web", "/n", null));
    assertEquals(
        "network b is in use by endpoint c1", cluster.refusal(new Command.RemoveNetwork(AT, "b")));
    cluster.done(new Command.DetachEndpoint(AT, "c1"));
    cluster.done(new Command.AttachContainer(AT, "c4", "n2", "open", "10.0.2.77"));
  }

  private EndpointRecord container(String id) {
    return Objects.requireNonNull(cluster.state().endpoints().get(id));
  }
}
