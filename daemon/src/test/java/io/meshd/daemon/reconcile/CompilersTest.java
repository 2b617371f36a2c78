package io.meshd.daemon.reconcile;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Services;
import io.meshd.daemon.ingress.IngressPort;
import io.meshd.daemon.ingress.Preserving;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import io.meshd.daemon.state.SwarmNetwork;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.ipam.Cidr;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CompilersTest {
  private static final long READY_MILLIS = Instant.parse(TestCluster.TIME).toEpochMilli();
  private final TestCluster cluster = new TestCluster();
  private String net;

  @BeforeEach
  void threeNodes() {
    cluster.node("n1", "10.99.0.1");
    cluster.node("n2", "10.99.0.2");
    cluster.node("n3", "10.99.0.3");
    net = cluster.network(1, Map.of());
  }

  @Test
  void aNodeKnowsItsOwnPortsAndWhatIsBehindTheOthers() {
    String here = task("n1", "10.0.1.3");
    task("n2", "10.0.1.4");
    cluster.nodeAddress("n3", net, "10.0.1.5");
    cluster.nodeAddress("n1", net, "10.0.1.6");
    ForwardingSpec.Network network = compile("n1").networks().getFirst();
    assertEquals(4097, network.vni());
    assertEquals("10.0.1.1", network.gateway().toString());
    assertEquals(1, network.ports().size());
    assertEquals(PortNames.task(here, net), network.ports().getFirst().port());
    assertEquals("02:42:0a:00:01:03", network.ports().getFirst().address().mac().toString());
    assertEquals(
        "NodePort[port=node/"
            + net
            + ", deviceMac=02:42:0a:00:01:01, address=Address[ip=10.0.1.6, mac=02:42:0a:00:01:06,"
            + " ipv6=null], also=[169.254.53.53]]",
        String.valueOf(network.nodePort()));
    assertEquals(
        List.of("10.0.1.4 10.99.0.2 false", "10.0.1.5 10.99.0.3 true"),
        network.remotes().stream()
            .map(r -> r.address().ip() + " " + r.vtep() + " " + r.node())
            .toList());
    assertEquals(
        List.of("10.99.0.2", "10.99.0.3"),
        network.vteps().stream().map(Ipv4Address::toString).toList());
    assertFalse(network.nodeFlowsOnly());
  }

  @Test
  void withIpv6EndpointsAndVirtualAddressesHaveBothAndNodesHaveIpv4() {
    cluster.ipv6(net);
    task("n1", "10.0.1.3");
    task("n2", "10.0.1.4");
    cluster.nodeAddress("n3", net, "10.0.1.5");
    cluster.service("web", null, List.of(new Services.VirtualIp(net, "10.0.1.2/24")));
    ForwardingSpec.Network network = compile("n1").networks().getFirst();
    assertEquals("fd00:1::3", String.valueOf(network.ports().getFirst().address().ipv6()));
    assertEquals(
        List.of("fd00:1::4", "null"),
        network.remotes().stream().map(r -> String.valueOf(r.address().ipv6())).toList());
    assertEquals("fd00:1::2", String.valueOf(network.services().getFirst().vip().ipv6()));
  }

  @Test
  void aNodeWithNothingOnANetworkHasNotThatNetwork() {
    String task = task("n1", "10.0.1.3");
    assertEquals(List.of(), compile("n2").networks());
    assertEquals(1, compile("n1").networks().size());
    cluster.status(task, TaskState.FAILED);
    assertEquals(List.of(), compile("n1").networks());
  }

  @Test
  void broadcastsGoOnlyWhereTheNetworkIs() {
    task("n1", "10.0.1.3");
    String other = task("n2", "10.0.1.4");
    assertEquals(List.of(Ipv4Address.parse("10.99.0.2")), vteps());
    cluster.desire(other, TaskState.SHUTDOWN);
    assertEquals(List.of(Ipv4Address.parse("10.99.0.2")), vteps());
    cluster.status(other, TaskState.SHUTDOWN);
    assertEquals(List.of(), vteps());
    assertEquals(List.of(), compile("n1").networks().getFirst().remotes());
  }

  @Test
  void anUnassignedTaskIsNowhere() {
    task("", "10.0.1.4");
    task("n1", "10.0.1.3");
    assertEquals(List.of(), compile("n1").networks().getFirst().remotes());
  }

  @Test
  void onlyTheIngressNetworkIsForNodesFlows() {
    String ingress = cluster.network(0, Map.of());
    cluster.nodeAddress("n1", ingress, "10.0.0.2");
    assertTrue(compile("n1").networks().getFirst().nodeFlowsOnly());
  }

  @Test
  void aVirtualAddressHasTheTasksThatServeOrDrain() {
    cluster.service(
        "web",
        new Services.EndpointSpec(
            "vip",
            null,
            new Services.Balancing("client-ip", null, Map.of("n2", 7), 5_000L, null),
            null),
        List.of(
            new Services.VirtualIp(net, "10.0.1.2/24"), new Services.VirtualIp("x", "1.2.3.4/8")));
    String serving = task("n2", "10.0.1.3");
    String draining = task("n1", "10.0.1.4");
    String down = task("n3", "10.0.1.5");
    for (String id : List.of(serving, draining, down)) {
      cluster.status(id, TaskState.RUNNING);
    }
    String starting = task("n1", "10.0.1.6");
    cluster.status(starting, TaskState.STARTING);
    cluster.desire(draining, TaskState.SHUTDOWN);
    cluster.nodeStatus("n3", NodeState.DOWN);
    assertEquals(
        List.of(
            new ForwardingSpec.VirtualService(
                "web",
                "web",
                new ForwardingSpec.Address(
                    Ipv4Address.parse("10.0.1.2"), MacAddress.parse("02:42:0a:00:01:02")),
                new ForwardingSpec.Balancing(
                    ForwardingSpec.Choice.CLIENT_ADDRESS, false, 5_000, true),
                List.of(
                    new ForwardingSpec.Backend(
                        serving, Ipv4Address.parse("10.0.1.3"), 7, false, READY_MILLIS),
                    new ForwardingSpec.Backend(
                        draining, Ipv4Address.parse("10.0.1.4"), 100, true, READY_MILLIS)))),
        compile("n1").networks().getFirst().services());
  }

  @Test
  void aVirtualAddressOfADockerSwarmHasItsTasksThatAreHere() {
    cluster.swarm(
        net,
        new SwarmNetwork.Service(
            "swarmservice",
            "web",
            "10.0.1.2",
            List.of("10.0.1.3", "10.0.1.5", "10.0.1.9"),
            List.of("10.0.1.4")));
    endpoint("stays", "n1", "10.0.1.3");
    endpoint("ends", "n2", "10.0.1.4");
    endpoint("down", "n3", "10.0.1.5");
    endpoint("other", "n2", "10.0.1.6");
    cluster.nodeStatus("n3", NodeState.DOWN);
    ForwardingSpec.VirtualService web = compile("n1").networks().getFirst().services().getFirst();
    assertEquals("web", web.name());
    assertEquals(Ipv4Address.parse("10.0.1.2"), web.vip().ip());
    assertEquals(
        List.of("10.0.1.4 true", "10.0.1.3 false"),
        web.backends().stream().map(b -> b.ip() + " " + b.draining()).toList());
  }

  private void endpoint(String id, String node, String address) {
    cluster.endpoint(id, node, Path.of("/n"), "eth0", TestCluster.attachment(net, address));
  }

  @Test
  void aPublishedPortLeadsToTheTasksThatServe() {
    cluster.service(
        "web",
        TestCluster.port("tcp", 80, 8080, "ingress"),
        TestCluster.port("udp", 53, 53, "ingress"),
        TestCluster.port("tcp", 81, 8081, "host"));
    String running = task("n1", "10.0.1.3");
    String starting = task("n2", "10.0.1.4");
    String ending = task("n2", "10.0.1.5");
    String down = task("n3", "10.0.1.6");
    for (String id : List.of(running, ending, down)) {
      cluster.status(id, TaskState.RUNNING);
    }
    cluster.status(starting, TaskState.STARTING);
    cluster.desire(ending, TaskState.SHUTDOWN);
    cluster.nodeStatus("n3", NodeState.DOWN);
    IngressPort.Backend here = answering(running, "10.0.1.3", 80, true);
    IngressPort.Backend there = answering(running, "10.0.1.3", 53, false);
    assertEquals(
        List.of(udp(53, on(there, true)), new IngressPort(8080, "web", List.of(here))),
        IngressCompiler.compile(cluster.state(), "n1", List.of()));
    assertEquals(
        List.of(udp(53, there), new IngressPort(8080, "web", List.of(on(here, false)))),
        IngressCompiler.compile(cluster.state(), "n2", List.of()));
  }

  @Test
  void whatTheSpecSaysOfBalancingAndAddressesReachesThePort() {
    cluster.service(
        "web",
        new Services.EndpointSpec(
            "vip",
            null,
            new Services.Balancing("client-ip", true, Map.of("n2", 7), 5_000L, false),
            null),
        new Services.PortConfig(null, "tcp", 80, 8080, "ingress", "10.99.0.1", "proxy-v2"));
    String first = task("n1", "10.0.1.3");
    String second = task("n2", "10.0.1.4");
    cluster.status(first, TaskState.RUNNING);
    cluster.status(second, TaskState.RUNNING);
    assertEquals(
        List.of(
            new IngressPort(
                IngressPort.Protocol.TCP,
                8080,
                "10.99.0.1",
                "web",
                IngressPort.ClientAddress.PROXY_V2,
                Preserving.NONE,
                new IngressPort.Balancing(true, true, 5_000, false),
                List.of(
                    answering(first, "10.0.1.3", 80, true),
                    new IngressPort.Backend(second, "10.0.1.4", 80, 7, false, READY_MILLIS)))),
        IngressCompiler.compile(cluster.state(), "n1", List.of()));
  }

  @Test
  void aPortThatKeepsTheClientsAddressReachesTheSwitchAndTheIngress() {
    cluster.service(
        "web", new Services.PortConfig(null, "tcp", 80, 8080, "ingress", null, "preserve"));
    task("n1", "10.0.1.3");
    task("n2", "10.0.1.4");
    cluster.nodeAddress("n3", net, "10.0.1.5");
    cluster.nodeAddress("n1", net, "10.0.1.6");
    ForwardingSpec.Preserved preserved = compile("n1").networks().getFirst().preserved();
    assertEquals(
        List.of("10.0.1.3 6 80", "10.0.1.4 6 80"),
        preserved.targets().stream()
            .map(t -> t.ip() + " " + t.protocol() + " " + t.port())
            .toList());
    assertEquals(
        List.of("10.0.1.6 0", "10.0.1.5 2"),
        preserved.slices().stream().map(s -> s.node() + " " + s.slice().number()).toList());
    assertEquals(preserved, compile("n2").networks().getFirst().preserved());

    Cidr bridge = Cidr.parse("172.18.0.0/16");
    IngressPort port = IngressCompiler.compile(cluster.state(), "n3", List.of(bridge)).getFirst();
    assertEquals(IngressPort.ClientAddress.PRESERVE, port.clientAddress());
    assertEquals(
        new Preserving(2032, 2535, List.of(bridge, Cidr.parse("10.0.1.0/24"))), port.preserving());
  }

  private static IngressPort.Backend answering(String id, String address, int port, boolean local) {
    return new IngressPort.Backend(id, address, port, 100, local, READY_MILLIS);
  }

  private static IngressPort.Backend on(IngressPort.Backend backend, boolean local) {
    return answering(backend.taskId(), backend.address(), backend.port(), local);
  }

  private static IngressPort udp(int port, IngressPort.Backend backend) {
    return new IngressPort(
        IngressPort.Protocol.UDP,
        port,
        null,
        "web",
        IngressPort.ClientAddress.SNAT,
        Preserving.NONE,
        IngressPort.Balancing.DEFAULT,
        List.of(backend));
  }

  @Test
  void anEndpointThatServesAServiceAnswersBesideItsTasks() {
    String web = "web";
    cluster.service(web, TestCluster.port("tcp", 80, 8080, "ingress"));
    String side = cluster.network(2, Map.of());
    cluster.nodeAddress("n1", net, "10.0.1.2");
    for (String id : List.of("e1", "e2")) {
      cluster.endpoint(
          id,
          web,
          "n1",
          Path.of("/run/netns/" + id),
          "eth0",
          TestCluster.attachment(id.equals("e1") ? net : side, "10.0.1.9"));
    }
    List<IngressPort.Backend> reachable = List.of(answering("e1", "10.0.1.9", 80, true));
    assertEquals(
        List.of(new IngressPort(8080, "web", reachable)),
        IngressCompiler.compile(cluster.state(), "n1", List.of()));
    cluster.nodeStatus("n1", NodeState.DOWN);
    assertEquals(
        List.of(new IngressPort(8080, "web", List.of())),
        IngressCompiler.compile(cluster.state(), "n1", List.of()));
  }

  @Test
  void aPortWithoutTasksIsPublishedAllTheSame() {
    cluster.service("web", TestCluster.port("tcp", 80, 8080, "ingress"));
    assertEquals(
        List.of(new IngressPort(8080, "web", List.of())),
        IngressCompiler.compile(cluster.state(), "n1", List.of()));
  }

  @Test
  void theMtuIsTheUnderlaysLessTheOverhead() {
    String jumbo = cluster.network(2, Map.of(NetworkRecord.MTU_OPTION, "9000"));
    NetworkRecord ordinary = requireNonNull(cluster.state().networks().get(net));
    assertEquals(1450, OverlayNetwork.mtu(ordinary, 1500));
    assertEquals(8950, OverlayNetwork.mtu(ordinary, 9000));
    assertEquals(1410, OverlayNetwork.mtu(ordinary, 1460));
    assertEquals(
        8950, OverlayNetwork.mtu(requireNonNull(cluster.state().networks().get(jumbo)), 1500));
    assertEquals(950, OverlayNetwork.mtu(ordinary, 1000));
    cluster.ipv6(net);
    NetworkRecord both = requireNonNull(cluster.state().networks().get(net));
    assertEquals(1280, OverlayNetwork.mtu(both, 1000));
  }

  private String task(String node, String address) {
    return cluster.task(node, "web", List.of(TestCluster.attachment(net, address)), "sleep", "9");
  }

  private ForwardingSpec compile(String node) {
    return ForwardingCompiler.compile(cluster.state(), node, TaskRecord::reachable);
  }

  private List<Ipv4Address> vteps() {
    return compile("n1").networks().getFirst().vteps();
  }
}
