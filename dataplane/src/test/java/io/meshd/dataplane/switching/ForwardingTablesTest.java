package io.meshd.dataplane.switching;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.Backend;
import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.ForwardingSpec.LocalPort;
import io.meshd.dataplane.ForwardingSpec.Network;
import io.meshd.dataplane.ForwardingSpec.RemoteEndpoint;
import io.meshd.dataplane.ForwardingSpec.VirtualService;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.lb.LoadBalancer;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What tables share with those before them. */
class ForwardingTablesTest {
  private static final int VIP = 0x0a000064;

  private final Map<String, Integer> slots = new HashMap<>(Map.of("p1", 1, "p2", 2));
  private LoadBalancer balancer;

  @BeforeEach
  void open() throws IOException {
    balancer = LoadBalancer.open(null, 1 << 10, System::nanoTime);
  }

  @AfterEach
  void close() {
    balancer.close();
  }

  @Test
  void whatHasNotChangedIsShared() {
    ForwardingTables before = next(ForwardingTables.EMPTY, network(1, 3), network(2, 3));
    ForwardingTables after = next(before, network(1, 3), network(2, 4));
    assertSame(before.network(1), after.network(1));
    assertNotSame(before.network(2), after.network(2));
    assertNull(requireNonNull(before.network(2)).byIp(endpoint(4)));
    assertNotNull(requireNonNull(after.network(2)).byIp(endpoint(4)));
    assertNull(next(after, network(1, 3)).network(2));
  }

  @Test
  void aPortWithAnotherTapMakesNewTables() {
    ForwardingTables before = next(ForwardingTables.EMPTY, network(1, 1), network(2, 1));
    slots.put("p1", 7);
    ForwardingTables after = next(before, network(1, 1), network(2, 1));
    assertNotSame(before.network(1), after.network(1));
    assertSame(before.network(2), after.network(2));
    assertNull(after.source(1));
    assertSame(after.network(1), requireNonNull(after.source(7)).network());
    slots.remove("p1");
    assertNull(next(after, network(1, 1), network(2, 1)).source(7));
  }

  private ForwardingTables next(ForwardingTables tables, Network... networks) {
    return tables.next(
        new ForwardingSpec(List.of(networks)),
        port -> slots.getOrDefault(port, ForwardingTables.NO_SLOT),
        balancer);
  }

  /** With a port, a virtual address before its one backend, and so many endpoints elsewhere. */
  private static Network network(int vni, int endpoints) {
    Ipv4Address vtep = Ipv4Address.parse("10.99.0.2");
    return new Network(
        "n" + vni,
        "n" + vni,
        vni,
        new Ipv4Address(endpoint(0)),
        null,
        List.of(new LocalPort("p" + vni, address(endpoint(99)))),
        IntStream.rangeClosed(1, endpoints)
            .mapToObj(i -> new RemoteEndpoint(address(endpoint(i)), vtep))
            .toList(),
        List.of(vtep),
        false,
        List.of(
            new VirtualService(
                "s",
                "s",
                address(VIP),
                Balancing.DEFAULT,
                List.of(new Backend("t" + vni, new Ipv4Address(endpoint(1)), 100, false, 0)))));
  }

  private static int endpoint(int number) {
    return 0x0a000000 + number;
  }

  private static Address address(int ip) {
    return new Address(new Ipv4Address(ip), new MacAddress(0x0242_0000_0000L | ip));
  }
}
