package io.meshd.daemon.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Services.NetworkAttachmentConfig;
import io.meshd.api.Services.PortConfig;
import io.meshd.daemon.dns.TestQuestion.Answer;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.TestCluster;
import io.netty.handler.codec.dns.DnsRecordType;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Names as the state has them: the real state machine, asked with Netty's DNS codec. */
class ZoneCompilerTest {
  private final TestCluster cluster = TestCluster.of(2);

  @BeforeEach
  void twoNetworks() {
    cluster.done(TestCluster.createNetwork("neta", "mynet"));
    cluster.done(TestCluster.createNetwork("netb", "other"));
    service("web", null, List.of(new NetworkAttachmentConfig("neta", List.of("db"), null)));
    service("rr", "dnsrr", List.of(new NetworkAttachmentConfig("neta", List.of("many"), null)));
    service("far", null, List.of(new NetworkAttachmentConfig("netb", null, null)));
    cluster.tasks("web", "n1", "webtask1aaaaaaaaaaaaaaaaa", "webtask2aaaaaaaaaaaaaaaaa");
    cluster.tasks("rr", "n2", "rrtask1aaaaaaaaaaaaaaaaaa", "rrtask2aaaaaaaaaaaaaaaaaa");
    cluster.tasks("far", "n1", "fartask1aaaaaaaaaaaaaaaaa");
    for (String task : List.copyOf(cluster.state().tasks().keySet())) {
      cluster.report(TaskState.RUNNING, task);
    }
  }

  private void service(String name, @Nullable String mode, List<NetworkAttachmentConfig> networks) {
    var task = TestCluster.task(List.of("sleep", "1"), null, null, networks);
    var port = new PortConfig("http", "tcp", 80, null, "host");
    var spec = TestCluster.with(TestCluster.with(TestCluster.spec(name, 1), task), mode, port);
    cluster.done(TestCluster.createService(name, spec));
  }

  private Asker asker(String task) {
    Attachment first = cluster.task(task).attachments().getFirst();
    return at("n1", first);
  }

  private Asker at(String node, Attachment attachment) {
    NetworkRecord network =
        Objects.requireNonNull(cluster.state().networks().get(attachment.networkId()));
    NetworkNames names =
        ZoneCompiler.compile(cluster.state(), node).stream()
            .filter(n -> n.gateway().equals(network.gateway()))
            .findAny()
            .orElseThrow();
    return Objects.requireNonNull(names.askers().get(Reverse.address(attachment.address())));
  }

  private Answer ask(String name, DnsRecordType type) {
    return TestQuestion.of(name, type).ask(asker("webtask1aaaaaaaaaaaaaaaaa"));
  }

  private List<String> addresses(String name) {
    return ask(name, DnsRecordType.A).addresses();
  }

  private List<String> addressesOf(String... tasks) {
    return List.of(tasks).stream()
        .map(t -> cluster.task(t).attachments().getFirst().address())
        .sorted()
        .toList();
  }

  private String vip(String service) {
    return cluster.service(service).virtualIps().getFirst().addr().replaceFirst("/.*", "");
  }

  @Test
  void aServiceIsItsVirtualIpUnderEveryNameItHas() {
    for (String name : List.of("web", "WEB", "db", "web.mynet", "Db.MyNet", "web.")) {
      assertEquals(List.of(vip("web")), addresses(name), name);
    }
    Answer answer = ask("web", DnsRecordType.A);
    assertEquals("NOERROR", answer.code());
    assertTrue(answer.authoritative());
    assertEquals(2, answer.ttl());
  }

  @Test
  void dnsrrAndTasksNamesAreTheReadyTasks() {
    List<String> rr = addressesOf("rrtask1aaaaaaaaaaaaaaaaaa", "rrtask2aaaaaaaaaaaaaaaaaa");
    assertEquals(rr, addresses("rr"));
    assertEquals(rr, addresses("many"));
    assertEquals(rr, addresses("tasks.rr"));
    List<String> web = addressesOf("webtask1aaaaaaaaaaaaaaaaa", "webtask2aaaaaaaaaaaaaaaaa");
    assertEquals(web, addresses("tasks.web"));
    assertEquals(web, addresses("tasks.db"));
    assertEquals(web, addresses("tasks.web.mynet"));
  }

  @Test
  void tasksAreFoundByNameAndId() {
    List<String> first = addressesOf("webtask1aaaaaaaaaaaaaaaaa");
    assertEquals(first, addresses("web.1.webtask1aaaaaaaaaaaaaaaaa"));
    assertEquals(first, addresses("web.1.webtask1aaaaaaaaaaaaaaaaa.mynet"));
    assertEquals(first, addresses("webtask1aaaa"));
  }

  @Test
  void whatDrainsOrIsOnADeadNodeIsNotAnswered() {
    cluster.done(
        new Command.SetDesiredState(
            TestCluster.AT, List.of("rrtask1aaaaaaaaaaaaaaaaaa"), TaskState.SHUTDOWN));
    assertEquals(addressesOf("rrtask2aaaaaaaaaaaaaaaaaa"), addresses("rr"));
    cluster.status(2, NodeState.DOWN);
    Answer none = ask("rr", DnsRecordType.A);
    assertEquals("NOERROR", none.code());
    assertEquals(List.of(), none.addresses());
  }

  @Test
  void otherNetworksNamesAreNotThere() {
    assertEquals("NXDOMAIN", ask("far", DnsRecordType.A).code());
    assertEquals("NXDOMAIN", ask("far", DnsRecordType.AAAA).code());
    assertEquals("OUTSIDE", ask("far.other", DnsRecordType.A).code());
    Answer there = TestQuestion.of("web", DnsRecordType.A).ask(asker("fartask1aaaaaaaaaaaaaaaaa"));
    assertEquals("NXDOMAIN", there.code());
    assertTrue(there.authoritative());
  }

  @Test
  void onTwoNetworksBothAreSeenAndTheOneAskedOnComesFirst() {
    service(
        "both",
        null,
        List.of(
            new NetworkAttachmentConfig("neta", null, null),
            new NetworkAttachmentConfig("netb", null, null)));
    cluster.tasks("both", "n1", "bothtask1aaaaaaaaaaaaaaaa");
    var attachments = cluster.task("bothtask1aaaaaaaaaaaaaaaa").attachments();
    for (int i = 0; i < 2; i++) {
      Asker asker = at("n1", attachments.get(i));
      assertEquals(
          List.of(vip("far")), TestQuestion.of("far", DnsRecordType.A).ask(asker).addresses());
      assertEquals(
          List.of(vip("web")), TestQuestion.of("web", DnsRecordType.A).ask(asker).addresses());
      String own = cluster.service("both").virtualIps().get(i).addr().replaceFirst("/.*", "");
      assertEquals(List.of(own), TestQuestion.of("both", DnsRecordType.A).ask(asker).addresses());
    }
  }

  @Test
  void thereAreNoOtherTypesButTheNameIsThere() {
    for (DnsRecordType type : List.of(DnsRecordType.AAAA, DnsRecordType.MX, DnsRecordType.TXT)) {
      Answer answer = ask("web", type);
      assertEquals("NOERROR", answer.code());
      assertEquals(-1, answer.ttl(), "a record of type " + type);
    }
  }

  @Test
  void addressesHaveNames() {
    Answer vip = ask(Reverse.name(Reverse.address(vip("web"))), DnsRecordType.PTR);
    assertEquals(List.of("web.mynet."), vip.pointers());
    String task = addressesOf("webtask1aaaaaaaaaaaaaaaaa").getFirst();
    assertEquals(
        List.of("web.1.webtask1aaaaaaaaaaaaaaaaa.mynet."),
        ask(Reverse.name(Reverse.address(task)), DnsRecordType.PTR).pointers());
    assertEquals("NXDOMAIN", ask("250.1.0.10.in-addr.arpa", DnsRecordType.PTR).code());
    assertEquals("OUTSIDE", ask("1.2.0.192.in-addr.arpa", DnsRecordType.PTR).code());
    assertEquals("OUTSIDE", ask("300.1.0.10.in-addr.arpa", DnsRecordType.PTR).code());
  }

  @Test
  void portsHaveNames() {
    for (String name : List.of("_80._tcp.web", "_http._tcp.WEB", "_http._tcp.web.mynet")) {
      assertEquals(List.of("web.mynet:80"), ask(name, DnsRecordType.SRV).ports(), name);
    }
    assertEquals(2, ask("_http._tcp.rr", DnsRecordType.SRV).ports().size());
    for (String name : List.of("_81._tcp.web", "_http._udp.web", "_http._tcp.web2")) {
      assertEquals("NXDOMAIN", ask(name, DnsRecordType.SRV).code(), name);
    }
    assertEquals("OUTSIDE", ask("_ldap._tcp.example.com", DnsRecordType.SRV).code());
  }

  @Test
  void anEndpointIsFoundByItsNameAndForItsService() {
    cluster.done(
        new Command.AttachEndpoint(
            TestCluster.AT, "end", "n2", "mynet", "rr", "printer", "/run/netns/x", null));
    Attachment attachment =
        Objects.requireNonNull(cluster.state().endpoints().get("end")).attachment();
    assertEquals(List.of(attachment.address()), addresses("printer"));
    assertTrue(addresses("rr").contains(attachment.address()));
    Asker there = at("n2", attachment);
    assertEquals(
        List.of(vip("web")), TestQuestion.of("web", DnsRecordType.A).ask(there).addresses());
  }

  @Test
  void containersAreFoundByNameAliasAndShortIdAndAskForAllTheirNetworks() {
    String id = "0123456789abcdef0123456789abcdef";
    for (String network : List.of("mynet", "other")) {
      String endpoint = "on-" + network;
      cluster.done(new Command.AttachContainer(TestCluster.AT, endpoint, "n2", network, null));
      cluster.done(
          new Command.NameContainers(
              TestCluster.AT,
              "n2",
              List.of(new Command.ContainerName(endpoint, id, "my_app", List.of("app")))));
    }
    cluster.done(new Command.AttachContainer(TestCluster.AT, "unnamed", "n2", "mynet", null));
    Attachment mine = attachment("on-mynet");
    for (String name : List.of("my_app", "MY_APP.mynet", "app", "app.mynet", "0123456789ab")) {
      assertEquals(List.of(mine.address()), addresses(name), name);
    }
    assertEquals("NXDOMAIN", ask("unnamed", DnsRecordType.A).code());
    // Asking on one of its networks, it finds what is on the other.
    assertEquals(
        List.of(vip("web")),
        TestQuestion.of("web", DnsRecordType.A).ask(at("n2", attachment("on-other"))).addresses());
  }

  private Attachment attachment(String endpoint) {
    return Objects.requireNonNull(cluster.state().endpoints().get(endpoint)).attachment();
  }

  @Test
  void onIngressThereAreNoNames() {
    var spec = TestCluster.with(TestCluster.spec("pub", 1), null, TestCluster.port(8080, 80));
    cluster.done(TestCluster.createService("pub", spec));
    cluster.tasks("pub", "n1", "pubtask1aaaaaaaaaaaaaaaaa");
    cluster.report(TaskState.RUNNING, "pubtask1aaaaaaaaaaaaaaaaa");
    Asker asker = asker("pubtask1aaaaaaaaaaaaaaaaa");
    for (String name : List.of("pub", "tasks.pub", "web", "pubtask1aaaa")) {
      assertTrue(TestQuestion.of(name, DnsRecordType.A).ask(asker).addresses().isEmpty(), name);
    }
    assertEquals("NXDOMAIN", TestQuestion.of("pub", DnsRecordType.A).ask(asker).code());
    assertEquals("OUTSIDE", TestQuestion.of("example.com", DnsRecordType.A).ask(asker).code());
  }

  @Test
  void onlyWhoIsHereMayAsk() {
    for (NetworkNames names : ZoneCompiler.compile(cluster.state(), "n1")) {
      assertFalse(names.askers().isEmpty());
      for (String task : List.of("rrtask1aaaaaaaaaaaaaaaaaa", "rrtask2aaaaaaaaaaaaaaaaaa")) {
        assertFalse(names.askers().containsKey(Reverse.address(addressesOf(task).getFirst())));
      }
    }
    assertEquals("REFUSED", TestQuestion.of("web", DnsRecordType.A).ask(null).code());
    assertEquals("REFUSED", TestQuestion.of("example.com", DnsRecordType.A).ask(null).code());
    assertEquals("REFUSED", ask("web", DnsRecordType.AXFR).code());
  }

  @Test
  void manyAddressesAreCutToWhatFitsAndStandInEveryOrder() {
    Zone.Builder zone = new Zone.Builder("mynet", "10.0.0.0/16");
    List<Integer> hundred = java.util.stream.IntStream.range(1, 101).boxed().toList();
    zone.name("rr", hundred);
    Asker asker = new Asker(List.of(zone.build()), List.of());
    Set<List<String>> seen = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      Answer cut = TestQuestion.of("rr", DnsRecordType.A).ask(asker);
      assertTrue(cut.truncated());
      assertEquals(30, cut.addresses().size());
      assertEquals(30, new HashSet<>(cut.addresses()).size());
      seen.add(cut.addresses());
    }
    assertNotEquals(1, seen.size());
    Answer more = new TestQuestion("rr", DnsRecordType.A, 4096).ask(asker);
    assertTrue(more.truncated());
    assertEquals((1232 - 12 - 8 - 11) / 16, more.addresses().size());
  }
}
