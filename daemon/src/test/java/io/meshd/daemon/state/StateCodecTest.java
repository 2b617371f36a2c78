package io.meshd.daemon.state;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StateCodecTest {

  private static ClusterState withNetwork(ClusterState old, String id) {
    return new ClusterState(
        old.version() + 1,
        new ClusterRecord(
            "c1",
            1,
            "t",
            "t",
            List.of("10.0.0.0/8"),
            24,
            4789,
            "SECRET-W",
            "SECRET-M",
            5,
            List.of("KEY"),
            ClusterRecord.DEFAULT_CERT_EXPIRY,
            List.of("DATA"),
            null,
            new Authority("ROOT", "SECRET-K", new Authority.Next("NEXT", "SECRET-N", "CROSS")),
            "SECRET-U",
            null,
            1),
        old.nodes(),
        old.networks()
            .plus(
                id,
                new NetworkRecord(
                    id,
                    old.version() + 1,
                    "t",
                    "net-" + id,
                    4097,
                    "10.0.1.0/24",
                    null,
                    "10.0.1.1",
                    false,
                    false,
                    false,
                    Map.of("b", "2", "a", "1"),
                    Map.of())),
        old.services(),
        old.tasks(),
        old.endpoints(),
        old.nodeAddresses(),
        new Allocation(Map.of(id, 2L), 4098, Map.of("tcp", 30000)));
  }

  @Test
  void stateComesBackAsItWas() {
    ClusterState state = withNetwork(ClusterState.empty(), "n1");
    assertEquals(state, StateCodec.decode(StateCodec.encode(state)));
    assertEquals(ClusterState.empty(), StateCodec.decode(StateCodec.encode(ClusterState.empty())));
  }

  @Test
  void redactedStateCarriesNoTokensAndNoAllocators() {
    ClusterState state = withNetwork(ClusterState.empty(), "n1").redacted();
    assertFalse(new String(StateCodec.encode(state), StandardCharsets.UTF_8).contains("SECRET"));
    assertTrue(state.allocation().nextHost().isEmpty());
    assertEquals(1, state.networks().size());
  }

  @Test
  void deltaOverTheWireLeadsToTheSameBytes() {
    ClusterState first = withNetwork(ClusterState.empty(), "n1").redacted();
    ClusterState second = withNetwork(withNetwork(first, "n2"), "n3");
    ClusterState third =
        new ClusterState(
                second.version() + 1,
                second.cluster(),
                second.nodes(),
                second.networks().minus("n1"),
                second.services(),
                second.tasks(),
                second.endpoints(),
                second.nodeAddresses(),
                second.allocation())
            .redacted();
    StateDelta delta = StateCodec.decodeDelta(StateCodec.encode(StateDelta.between(first, third)));
    assertEquals(List.of("n1"), delta.networks().deletes());
    assertEquals(2, delta.networks().puts().size());
    assertEquals(null, delta.cluster());
    assertArrayEquals(StateCodec.encode(third), StateCodec.encode(delta.applyTo(first)));
  }

  @Test
  void deltaDoesNotApplyToAnotherVersion() {
    ClusterState first = withNetwork(ClusterState.empty(), "n1");
    StateDelta delta = StateDelta.between(first, withNetwork(first, "n2"));
    assertThrows(IllegalArgumentException.class, () -> delta.applyTo(ClusterState.empty()));
  }

  @Test
  void unknownCommandIsNoCommand() {
    assertThrows(
        UncheckedIOException.class,
        () ->
            StateCodec.decodeCommand(
                "{\"type\":\"from-the-future\"}".getBytes(StandardCharsets.UTF_8)));
  }
}
