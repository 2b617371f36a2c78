package io.meshd.daemon.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Networks that a Docker Swarm made. */
class SwarmNetworksTest {
  private static final String AT = TestCluster.AT;
  private static final SwarmNetwork.Service WEB =
      new SwarmNetwork.Service("s", "web", "10.50.0.2", List.of("10.50.0.3"), List.of());

  private final TestCluster cluster = TestCluster.of(2);

  @BeforeEach
  void adopt() {
    cluster.done(adoption("a", "swarmid", "swnet", "10.50.0.0/24"));
  }

  private static Command adoption(String id, String swarmId, String name, String subnet) {
    return new Command.AdoptNetwork(
        AT, id, swarmId, name, subnet, null, Map.of("com.docker.network.driver.mtu", "1400"));
  }

  private static Command attach(String id, String node, String address) {
    return new Command.AttachContainer(AT, id, node, "a", address);
  }

  private SwarmNetwork swarm() {
    return Objects.requireNonNull(cluster.network("swnet").swarm());
  }

  @Test
  void areAdoptedOnce() {
    NetworkRecord network = cluster.network("swnet");
    assertEquals("10.50.0.1", network.gateway());
    assertEquals(4097, network.vni());
    assertFalse(network.attachable());
    assertEquals(Map.of("com.docker.network.driver.mtu", "1400"), network.options());
    assertEquals(new SwarmNetwork("swarmid", List.of()), network.swarm());
    long version = cluster.state().version();
    assertEquals("a", cluster.done(adoption("b", "swarmid", "other", "10.50.0.0/24")).id());
    assertEquals(version, cluster.state().version());
    assertEquals(
        "network swnet has the subnet 10.50.0.0/24 already",
        cluster.refusal(adoption("b", "swarmid", "swnet", "10.51.0.0/24")));
    assertEquals(
        "invalid CIDR address: 10.51.0.0",
        cluster.refusal(adoption("b", "other", "swnet", "10.51.0.0")));
  }

  @Test
  void areCalledByTheirIdWhereTheNameIsTaken() {
    cluster.done(adoption("b", "secondid", "swnet", "10.51.0.0/24"));
    assertEquals("10.51.0.0/24", cluster.network("secondid").subnet());
  }

  @Test
  void overlapWithNoOther() {
    assertEquals(
        "Pool overlaps with other one on this address space: subnet 10.50.0.128/25 of network other"
            + " overlaps with subnet 10.50.0.0/24 of network swnet",
        cluster.refusal(adoption("b", "secondid", "other", "10.50.0.128/25")));
  }

  @Test
  void haveTheirAddressesFromTheSwarmAlone() {
    assertEquals(
        "network swnet not manually attachable",
        cluster.refusal(new Command.AttachContainer(AT, "c", "n1", "a", null)));
    assertEquals(
        "network swnet not manually attachable",
        cluster.refusal(
            new Command.AttachEndpoint(AT, "c", "n1", "a", null, null, "/n", "10.50.0.9")));
    assertEquals(
        "network swnet is the Docker Swarm's: its services are made there",
        cluster.refusal(new Command.CreateService(AT, "x", TestCluster.spec("x", 1, "swnet"))));
    cluster.done(attach("c1", "n1", "10.50.0.3"));
    // Given to somebody else: the node before has not said, or could not.
    cluster.done(attach("c2", "n2", "10.50.0.3"));
    assertNull(cluster.state().endpoints().get("c1"));
    assertNotNull(cluster.state().endpoints().get("c2"));
    assertEquals(
        "network a is in use by endpoint c2", cluster.refusal(new Command.RemoveNetwork(AT, "a")));
    // What a node has that is down keeps nothing.
    cluster.status(2, NodeRecord.NodeState.DOWN);
    cluster.done(new Command.RemoveNetwork(AT, "a"));
    assertEquals(Map.of(), cluster.state().endpoints());
  }

  @Test
  void haveTheServicesThatTheSwarmHas() {
    cluster.done(new Command.FollowServices(AT, "a", List.of(WEB)));
    assertEquals(List.of(WEB), swarm().services());
    long version = cluster.state().version();
    cluster.done(new Command.FollowServices(AT, "a", List.of(WEB)));
    assertEquals(version, cluster.state().version());
    assertEquals(
        cluster.state(), StateCodec.decode(StateCodec.encode(cluster.state())), "as it is kept");
    cluster.done(new Command.FollowServices(AT, "a", List.of()));
    assertEquals(List.of(), swarm().services());
    assertEquals(
        "the virtual IP 10.51.0.2 is not in the subnet 10.50.0.0/24",
        cluster.refusal(
            new Command.FollowServices(
                AT,
                "a",
                List.of(new SwarmNetwork.Service("s", "web", "10.51.0.2", List.of(), List.of())))));
    assertEquals(
        "network ingress is not a Docker Swarm's",
        cluster.refusal(new Command.FollowServices(AT, "ingress", List.of())));
  }
}
