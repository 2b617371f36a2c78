package io.meshd.daemon.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Long random histories: whatever is asked, in whatever order, the state stays sound. */
class RandomHistoryTest {
  private static final int COMMANDS = 1000;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void everyHistoryKeepsTheStateSoundAndTheSameEverywhere(long seed) {
    RandomCommands commands = new RandomCommands(seed);
    StateMachine leader = new StateMachine();
    StateMachine follower = new StateMachine();
    ClusterState watched = leader.state().redacted();
    int refused = 0;
    int attached = 0;
    for (int i = 0; i < COMMANDS; i++) {
      byte[] entry = StateCodec.encode(commands.next(leader.state()));
      ClusterState before = leader.state();
      byte[] answer = leader.apply(entry);
      assertArrayEquals(answer, follower.apply(entry));
      ClusterState after = leader.state();
      if (StateCodec.decodeOutcome(answer) instanceof Outcome.Refused) {
        refused++;
        assertSame(before, after);
      }
      assertTrue(after.version() - before.version() <= 1);
      assertSound(after);
      boolean any = after.tasks().values().stream().anyMatch(t -> !t.attachments().isEmpty());
      attached += any ? 1 : 0;
      if (commands.random().nextInt(20) == 0) {
        // A follower that was sent a snapshot goes on as if it had applied everything.
        StateMachine restored = new StateMachine();
        restored.restore(follower.snapshot());
        follower = restored;
      }
      if (commands.random().nextInt(4) == 0) {
        ClusterState now = after.redacted();
        StateDelta delta =
            StateCodec.decodeDelta(StateCodec.encode(StateDelta.between(watched, now)));
        ClusterState applied = delta.applyTo(StateCodec.decode(StateCodec.encode(watched)));
        assertArrayEquals(StateCodec.encode(now), StateCodec.encode(applied));
        watched = now;
      }
    }
    assertArrayEquals(leader.snapshot(), follower.snapshot());
    assertEquals(leader.state(), follower.state());
    assertTrue(refused > COMMANDS / 50 && refused < COMMANDS * 3 / 4, "refused " + refused);
    assertTrue(attached > COMMANDS / 10, "states with attached tasks: " + attached);
  }

  private static void assertSound(ClusterState state) {
    Set<String> addresses = new HashSet<>();
    List<String> twice = new ArrayList<>();
    for (NetworkRecord network : state.networks().values()) {
      addresses.add(network.id() + " " + network.gateway());
    }
    state.services().values().stream()
        .flatMap(service -> service.virtualIps().stream())
        .map(vip -> vip.networkId() + " " + vip.addr().replaceAll("/.*", ""))
        .filter(address -> !addresses.add(address))
        .forEach(twice::add);
    List<Attachment> attachments = new ArrayList<>();
    state.tasks().values().forEach(task -> attachments.addAll(task.attachments()));
    state.endpoints().values().forEach(endpoint -> attachments.add(endpoint.attachment()));
    state.nodeAddresses().values().forEach(node -> attachments.add(node.attachment()));
    attachments.stream()
        .map(a -> a.networkId() + " " + a.address())
        .filter(address -> !addresses.add(address))
        .forEach(twice::add);
    assertEquals(List.of(), twice, "addresses handed out twice");
    Set<String> networks = state.networks().keySet();
    attachments.forEach(a -> assertTrue(networks.contains(a.networkId())));
    assertDistinct(state.networks().values().stream().map(NetworkRecord::vni).toList());
    assertDistinct(state.networks().values().stream().map(NetworkRecord::name).toList());
    assertDistinct(state.services().values().stream().map(ServiceRecord::name).toList());
    assertDistinct(
        state.services().values().stream()
            .flatMap(service -> service.ports().stream())
            .filter(ServiceSpecs::ingress)
            .map(port -> ServiceSpecs.protocol(port) + ServiceSpecs.publishedPort(port))
            .toList());
    state
        .services()
        .values()
        .forEach(
            service ->
                ServiceSpecs.networks(service.spec())
                    .forEach(n -> assertTrue(networks.contains(n.target()))));
    state
        .tasks()
        .values()
        .forEach(
            task ->
                assertTrue(
                    !task.status().state().terminal() || task.attachments().isEmpty(), task.id()));
    state
        .nodeAddresses()
        .forEach(
            (key, address) -> {
              assertTrue(state.nodes().containsKey(address.nodeId()));
              assertEquals(
                  NodeAddress.key(address.attachment().networkId(), address.nodeId()), key);
            });
  }

  private static void assertDistinct(List<?> values) {
    assertEquals(values.size(), new HashSet<>(values).size(), values.toString());
  }
}
