package io.meshd.daemon.state;

import static io.meshd.daemon.state.TestCluster.AT;
import static io.meshd.daemon.state.TestCluster.createNetwork;
import static io.meshd.daemon.state.TestCluster.createService;
import static io.meshd.daemon.state.TestCluster.hostPort;
import static io.meshd.daemon.state.TestCluster.port;
import static io.meshd.daemon.state.TestCluster.request;
import static io.meshd.daemon.state.TestCluster.spec;
import static io.meshd.daemon.state.TestCluster.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Services;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServicesTest {
  private final TestCluster cluster = TestCluster.of(3);

  @BeforeEach
  void network() {
    cluster.done(createNetwork("netid", "net"));
  }

  private static List<String> vips(ServiceRecord service) {
    return service.virtualIps().stream().map(v -> v.networkId() + " " + v.addr()).toList();
  }

  @Test
  void firstVipIsDotTwoThenTasksFollow() {
    cluster.done(createService("s1", spec("web", 2, "net")));
    assertEquals(List.of("netid 10.0.1.2/24"), vips(cluster.service("web")));
    assertEquals("netid", ServiceSpecs.networks(cluster.service("web").spec()).getFirst().target());
    cluster.tasks("s1", "n1", "t1", "t2");
    assertEquals(
        List.of(new Attachment("netid", "10.0.1.3", "02:42:0a:00:01:03")),
        cluster.task("t1").attachments());
    assertEquals("10.0.1.4", cluster.task("t2").attachments().getFirst().address());
  }

  @Test
  void aPublishedPortBringsAnIngressVipAndNodeAddressesOnTheTasksNetwork() {
    cluster.done(createService("s1", with(spec("web", 2, "net"), null, port(8080, 80))));
    assertEquals(
        List.of("ingressid 10.0.0.5/24", "netid 10.0.1.2/24"), vips(cluster.service("web")));
    for (String node : List.of("n1", "n2", "n3")) {
      assertTrue(cluster.state().nodeAddresses().containsKey(NodeAddress.key("netid", node)));
    }
    cluster.node(4);
    assertTrue(cluster.state().nodeAddresses().containsKey(NodeAddress.key("netid", "n4")));
    cluster.done(new Command.RemoveService(AT, "web"));
    assertTrue(cluster.state().nodeAddresses().containsKey(NodeAddress.key("netid", "n2")));
  }

  @Test
  void tasksWithoutNetworkGetIngressOnlyForAPublishedPort() {
    cluster.done(createService("s1", spec("plain", 1)));
    cluster.tasks("s1", "n1", "t1");
    assertEquals(List.of(), cluster.task("t1").attachments());
    assertEquals(List.of(), vips(cluster.service("plain")));
    long before = cluster.service("plain").specVersion();
    cluster.done(cluster.update("plain", with(spec("plain", 1), null, port(8080, 80))));
    // Its task is on the local bridge only and must be replaced to be reached.
    assertNotEquals(before, cluster.service("plain").specVersion());
    cluster.tasks("s1", "n1", "t2");
    assertEquals("ingressid", cluster.task("t2").attachments().getFirst().networkId());
    cluster.done(new Command.SetDesiredState(AT, List.of("t1"), TaskState.SHUTDOWN));
    long published = cluster.service("plain").specVersion();
    cluster.done(
        cluster.update("plain", with(spec("plain", 1), null, port(8080, 80), port(8081, 81))));
    assertEquals(published, cluster.service("plain").specVersion());
  }

  @Test
  void onlyWhatATaskIsMadeOfMakesTasksOutOfDate() {
    cluster.done(createService("s1", with(spec("web", 2, "net"), null, port(8080, 80))));
    cluster.tasks("s1", "n1", "t1");
    long version = cluster.service("web").specVersion();
    cluster.done(cluster.update("web", with(spec("web", 5, "net"), null, port(8080, 80))));
    cluster.done(cluster.update("web", with(spec("web", 5, "net"), null, port(9090, 80))));
    assertEquals(version, cluster.service("web").specVersion());
    assertEquals(9090, cluster.service("web").ports().getFirst().publishedPort());
    Services.ServiceSpec placed =
        with(
            spec("web", 5, "net"),
            TestCluster.task(
                List.of("sleep", "1"),
                null,
                new Services.Placement(List.of("node.role==worker"), null, null, null),
                List.of(new Services.NetworkAttachmentConfig("netid", null, null))));
    cluster.done(cluster.update("web", placed));
    assertEquals(version, cluster.service("web").specVersion());
    cluster.done(createNetwork("net2id", "net2"));
    cluster.done(cluster.update("web", spec("web", 5, "net", "net2")));
    assertEquals(cluster.service("web").version(), cluster.service("web").specVersion());
    assertEquals(List.of("netid 10.0.1.2/24", "net2id 10.0.2.2/24"), vips(cluster.service("web")));
    Services.ServiceSpec previous = cluster.service("web").previousSpec();
    assertEquals(1, previous == null ? 0 : ServiceSpecs.networks(previous).size());
  }

  @Test
  void dnsrrHasNoVip() {
    cluster.done(createService("s1", with(spec("web", 1, "net"), "dnsrr")));
    assertEquals(List.of(), vips(cluster.service("web")));
    assertEquals(
        "EndpointSpec: port published with ingress mode can't be used with dnsrr mode",
        cluster.refusal(createService("s2", with(spec("web2", 1, "net"), "dnsrr", port(80, 80)))));
    cluster.done(createService("s2", with(spec("web2", 1, "net"), "dnsrr", hostPort(53, 53))));
    cluster.done(cluster.update("web", with(spec("web", 1, "net"), "vip")));
    assertEquals(1, cluster.service("web").virtualIps().size());
    cluster.done(cluster.update("web", with(spec("web", 1, "net"), "dnsrr")));
    assertEquals(List.of(), vips(cluster.service("web")));
  }

  @Test
  void oneNumberMayBeTwoServicesOnTwoAddresses() {
    cluster.done(createService("a", with(spec("a", 1), null, on("10.99.0.1", "tcp", null))));
    cluster.done(createService("b", with(spec("b", 1), null, on("10.99.0.2", "tcp", null))));
    for (String ip : new String[] {"10.99.0.1", "0.0.0.0"}) {
      assertTrue(
          cluster
              .refusal(createService("c", with(spec("c", 1), null, on(ip, "tcp", null))))
              .startsWith("port '80' is already in use by service"));
    }
    cluster.done(createService("d", with(spec("d", 1), null, on("10.99.0.1", "udp", null))));
    assertEquals(
        "EndpointSpec: invalid address 10.99.0.256 of a published port: use an IPv4 address",
        cluster.refusal(
            createService("x", with(spec("x", 1), null, on("10.99.0.256", "tcp", null)))));
    assertEquals(
        "EndpointSpec: duplicate published ports provided",
        cluster.refusal(
            createService(
                "x", with(spec("x", 1), null, port(80, 1), on("10.99.0.3", "tcp", null)))));
  }

  @Test
  void aDatagramHasNoRoomForAProxyHeader() {
    assertEquals(
        "EndpointSpec: client address mode proxy-v2 is for tcp: a datagram has no first byte of a"
            + " connection to put a header before",
        cluster.refusal(createService("x", with(spec("x", 1), null, on(null, "udp", "proxy-v2")))));
    assertEquals(
        "EndpointSpec: invalid client address mode dnat: use snat, proxy-v2 or preserve",
        cluster.refusal(createService("x", with(spec("x", 1), null, on(null, "tcp", "dnat")))));
  }

  private static Services.PortConfig on(
      @Nullable String ip, String protocol, @Nullable String clientAddress) {
    return new Services.PortConfig(null, protocol, 80, 80, "ingress", ip, clientAddress);
  }

  @Test
  void portConflictsAreNamedInSwarmsWords() {
    cluster.done(createService("ID", with(spec("ov", 1), null, port(8080, 80))));
    assertEquals(
        "port '8080' is already in use by service 'ov' (ID) as an ingress port",
        cluster.refusal(createService("x", with(spec("b", 1), null, port(8080, 81)))));
    assertEquals(
        "EndpointSpec: duplicate published ports provided",
        cluster.refusal(createService("x", with(spec("b", 1), null, port(81, 1), port(81, 2)))));
    Services.PortConfig udp = new Services.PortConfig(null, "udp", 80, 8080, null);
    cluster.done(createService("u", with(spec("b", 1), null, udp)));
    cluster.done(createService("h1", with(spec("c", 1), null, hostPort(53, 53))));
    cluster.done(createService("h2", with(spec("d", 1), null, hostPort(53, 53))));
    Services.PortConfig ingress53 = new Services.PortConfig(null, "udp", 53, 53, "ingress");
    assertEquals(
        "port '53' is already in use by service 'c' (h1) as a host-published port",
        cluster.refusal(createService("x", with(spec("e", 1), null, ingress53))));
    // Its own port is no conflict.
    cluster.done(cluster.update("ov", with(spec("ov", 2), null, port(8080, 80))));
  }

  @Test
  void openPortsAreAllocatedShownAndKept() {
    cluster.done(createService("s1", with(spec("a", 1), null, port(0, 80), port(30001, 90))));
    assertEquals(
        List.of(30000, 30001),
        cluster.service("a").ports().stream().map(ServiceSpecs::publishedPort).toList());
    assertNull(ServiceSpecs.ports(cluster.service("a").spec()).getFirst().publishedPort());
    cluster.done(createService("s2", with(spec("b", 1), null, port(0, 80))));
    assertEquals(30002, cluster.service("b").ports().getFirst().publishedPort());
    cluster.done(cluster.update("a", with(spec("a", 3), null, port(0, 81), port(0, 80))));
    assertEquals(
        List.of(30003, 30000),
        cluster.service("a").ports().stream().map(ServiceSpecs::publishedPort).toList());
    Services.PortConfig udp = new Services.PortConfig(null, "udp", 80, null, null);
    cluster.done(createService("s3", with(spec("c", 1), null, udp)));
    assertEquals(30000, cluster.service("c").ports().getFirst().publishedPort());
    cluster.done(createService("s4", with(spec("d", 1), null, hostPort(0, 53))));
    assertNull(cluster.service("d").ports().getFirst().publishedPort());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | 80 | EndpointSpec: invalid target port 0: use 1 to 65535",
        "65536 | 80 | EndpointSpec: invalid target port 65536: use 1 to 65535",
        "80 | -1 | EndpointSpec: invalid published port -1: use 1 to 65535",
        "80 | 70000 | EndpointSpec: invalid published port 70000: use 1 to 65535",
      })
  void badPortsAreRefused(int target, int published, String message) {
    assertEquals(
        message,
        cluster.refusal(createService("x", with(spec("web", 1), null, port(published, target)))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "node.role | constraint expected one operator from ==, !=",
        "node role==worker | key 'node role' is invalid",
        "node.role==<x> | value '<x>' is invalid",
        "node.role== | value '' is invalid",
        "nod.role==worker | invalid constraint 'nod.role==worker': the key must be node.id,"
            + " node.hostname, node.ip, node.role, node.platform.os, node.platform.arch,"
            + " node.labels.NAME or engine.labels.NAME",
      })
  void badConstraintsAreRefused(String constraint, String message) {
    Services.TaskSpec task =
        TestCluster.task(
            List.of("x"),
            null,
            new Services.Placement(List.of(constraint), null, null, null),
            null);
    assertEquals(message, cluster.refusal(createService("x", with(spec("web", 1), task))));
  }

  @Test
  void runtimesAreChecked() {
    Services.ContainerSpec nothing =
        new Services.ContainerSpec(
            null, null, null, null, null, null, null, null, null, null, null, null, null);
    assertEquals(
        "a task of runtime process needs a command",
        cluster.refusal(createService("x", with(spec("web", 1), runtime(nothing, "process")))));
    assertEquals(
        "ContainerSpec: image reference must be provided",
        cluster.refusal(createService("x", with(spec("web", 1), runtime(nothing, null)))));
    Services.ContainerSpec image =
        new Services.ContainerSpec(
            "nginx", null, null, null, null, null, null, null, null, null, null, null, null);
    assertTrue(
        cluster
            .refusal(createService("x", with(spec("web", 1), runtime(image, "plugin"))))
            .startsWith("RuntimeSpec: unimplemented runtime in service spec"));
  }

  private static Services.TaskSpec runtime(
      Services.ContainerSpec container, @Nullable String runtime) {
    return new Services.TaskSpec(container, null, null, null, null, null, null, runtime);
  }

  @Test
  void networksOfASpecAreChecked() {
    assertEquals(
        "network nowhere not found",
        cluster.refusal(createService("x", spec("web", 1, "nowhere"))));
    assertEquals(
        "Service cannot be explicitly attached to the ingress network \"ingress\"",
        cluster.refusal(createService("x", spec("web", 1, "ingress"))));
    assertEquals(
        "service is already attached to network net",
        cluster.refusal(createService("x", spec("web", 1, "net", "netid"))));
  }

  @Test
  void updatesAreCheckedAgainstWhatTheyAreBasedOn() {
    cluster.done(createService("s1", spec("web", 1)));
    Command.UpdateService stale = cluster.update("web", spec("web", 2));
    cluster.done(stale);
    assertEquals("update out of sequence", cluster.refusal(stale));
    assertEquals(
        "renaming services is not supported",
        cluster.refusal(
            new Command.UpdateService(
                AT, "web", cluster.service("web").version(), spec("other", 1), null)));
    assertEquals(
        "service mode change is not allowed",
        cluster.refusal(
            cluster.update(
                "web",
                with(spec("web", 1), new Services.ServiceMode(null, new Services.Global())))));
    assertEquals(
        "Number of replicas must be non-negative",
        cluster.refusal(cluster.update("web", spec("web", -1))));
    assertEquals(
        "name conflicts with an existing object: service web already exists",
        cluster.refusal(createService("x", spec("web", 1))));
    assertEquals("service nope not found", cluster.refusal(new Command.RemoveService(AT, "nope")));
  }

  @Test
  void removalFreesAddressesAndSendsTasksAway() {
    cluster.done(createService("s1", with(spec("web", 2, "net"), null, port(8080, 80))));
    cluster.tasks("s1", "n1", "t1");
    cluster.tasks("s1", "", "t2");
    cluster.done(new Command.RemoveService(AT, "web"));
    assertEquals(TaskState.REMOVE, cluster.task("t1").desiredState());
    assertEquals(1, cluster.task("t1").attachments().size());
    assertTrue(cluster.task("t2").status().state().terminal());
    cluster.report(TaskState.SHUTDOWN, "t1");
    assertEquals(List.of(), cluster.task("t1").attachments());
    cluster.done(createService("s2", with(spec("web", 2), null, port(8080, 80))));
  }

  @Test
  void aFullNetworkLeavesTasksPendingInWords() {
    cluster.done(
        createNetwork("tiny", request("tiny", "10.77.0.0/29", null, null, true, Map.of())));
    cluster.done(createService("s1", spec("web", 9, "tiny")));
    cluster.tasks("s1", "n1", "t1", "t2", "t3", "t4", "t5");
    assertEquals("n1", cluster.task("t4").nodeId());
    TaskRecord late = cluster.task("t5");
    assertEquals("", late.nodeId());
    assertEquals(TaskState.PENDING, late.status().state());
    assertEquals(
        "no available IPv4 addresses on this network's address pools: tiny (tiny)",
        late.status().err());
    cluster.done(new Command.AssignTasks(AT, List.of(new Command.Assignment("t5", "n2"))));
    assertEquals("", cluster.task("t5").nodeId());
    cluster.report(TaskState.FAILED, "t2");
    cluster.done(new Command.AssignTasks(AT, List.of(new Command.Assignment("t5", "n2"))));
    assertEquals("n2", cluster.task("t5").nodeId());
    assertEquals("10.77.0.4", cluster.task("t5").attachments().getFirst().address());
    assertEquals(
        "no available IPv4 addresses on this network's address pools: tiny (tiny)",
        cluster.refusal(createService("s2", spec("web2", 1, "tiny"))));
  }

  @Test
  void reportsNeverGoBack() {
    cluster.done(createService("s1", spec("web", 1, "net")));
    cluster.tasks("s1", "n1", "t1");
    cluster.report(TaskState.RUNNING, "t1");
    long version = cluster.state().version();
    cluster.report(TaskState.STARTING, "t1");
    cluster.report(TaskState.RUNNING, "t1");
    assertEquals(version, cluster.state().version());
    cluster.report(TaskState.FAILED, "t1");
    cluster.report(TaskState.RUNNING, "t1");
    assertEquals(TaskState.FAILED, cluster.task("t1").status().state());
    cluster.report(TaskState.RUNNING, "unknown");
    cluster.done(new Command.SetDesiredState(AT, List.of("t1"), TaskState.SHUTDOWN));
    cluster.done(new Command.SetDesiredState(AT, List.of("t1"), TaskState.RUNNING));
    assertEquals(TaskState.SHUTDOWN, cluster.task("t1").desiredState());
  }

  @Test
  void aRemovedNodeTakesItsThingsAlong() {
    cluster.done(createService("s1", spec("web", 1, "net")));
    cluster.tasks("s1", "n2", "t1");
    cluster.done(
        new Command.AttachEndpoint(AT, "e1", "n2", "net", null, null, "/run/netns/x", null));
    assertEquals(
        "node n2 is not down and can't be removed",
        cluster.refusal(new Command.RemoveNode(AT, "n2", false)));
    cluster.status(2, NodeRecord.NodeState.DOWN);
    cluster.done(new Command.RemoveNode(AT, "n2", false));
    assertEquals(TaskState.ORPHANED, cluster.task("t1").status().state());
    assertEquals(List.of(), cluster.task("t1").attachments());
    assertTrue(cluster.state().endpoints().isEmpty());
    assertEquals(2, cluster.state().nodeAddresses().size());
    assertTrue(
        cluster
            .refusal(new Command.RemoveNode(AT, "n1", true))
            .startsWith("node n1 is a cluster manager"));
    assertEquals("node n2 not found", cluster.refusal(new Command.RemoveNode(AT, "n2", true)));
  }
}
