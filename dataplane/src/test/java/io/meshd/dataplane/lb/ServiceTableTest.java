package io.meshd.dataplane.lb;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.Backend;
import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.ForwardingSpec.Choice;
import io.meshd.dataplane.ForwardingSpec.VirtualService;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who gets new flows. Backends are 1, 2 and 3; 1 is on this node. */
class ServiceTableTest {
  private static final int FLOWS = 6000;
  private static final Address VIP = new Address(new Ipv4Address(100), new MacAddress(100));
  private final SplittableRandom random = new SplittableRandom(2);
  private LoadBalancer balancer;
  private long millis = 1_000_000;

  @BeforeEach
  void open() throws IOException {
    balancer = LoadBalancer.open(null, 1 << 14, () -> millis * 1_000_000);
  }

  @AfterEach
  void close() {
    balancer.close();
  }

  @Test
  void openFlowsAreEvenAndByWeight() {
    assertShares(Map.of(1, 0.33, 2, 0.33, 3, 0.33), 0.03, one(1), one(2), one(3));
    assertShares(
        Map.of(4, 0.1, 5, 0.3, 6, 0.6), 0.03, weighing(4, 10), weighing(5, 30), weighing(6, 60));
  }

  @Test
  void oneThatDrainsOrWeighsNothingKeepsFlowsAndGetsNone() {
    Backend draining = new Backend("t2", new Ipv4Address(2), 100, true, 0);
    ServiceTable service = service(Balancing.DEFAULT, one(1), draining, weighing(3, 0));
    assertEquals(Map.of(1, FLOWS), open(service, FLOWS));
    assertTrue(service.has(2));
    assertTrue(service.has(3));
    assertFalse(service.has(4));
  }

  @Test
  void aNewOneBeginsWithATenthOfItsShare() {
    long now = System.currentTimeMillis();
    Balancing slow = new Balancing(Choice.FEWEST_FLOWS, false, 3_600_000_000_000L, true);
    Backend young = new Backend("t2", new Ipv4Address(2), 100, false, now);
    Backend old = new Backend("t1", new Ipv4Address(1), 100, false, now - 3_600_000);
    Map<Integer, Integer> shares = open(service(slow, old, young), FLOWS);
    assertEquals(0.1 / 1.1, share(shares, 2), 0.03);
  }

  @Test
  void whereLocalOnesArePreferredOthersWaitUntilThereIsNone() {
    Balancing local = new Balancing(Choice.FEWEST_FLOWS, true, 0, true);
    ServiceTable service = service(local, one(1), one(2), one(3));
    assertEquals(Map.of(1, 100), open(service, 100));
    fail(service, 1);
    assertEquals(2, open(service, 100).size());
    millis += 1000;
    Balancing sticky = new Balancing(Choice.CLIENT_ADDRESS, true, 0, true);
    assertEquals(List.of(2), List.of(choose(service(sticky, one(2)), 7)));
    assertEquals(List.of(1), List.of(choose(service(sticky, one(1), one(2)), 7)));
  }

  @Test
  void whoRefusesIsLeftOutLongerAndLongerButNeverAll() {
    ServiceTable service = service(Balancing.DEFAULT, one(1), one(2));
    for (int backOff : new int[] {1000, 2000, 4000, 8000, 16_000, 30_000, 30_000}) {
      fail(service, 1);
      assertEquals(Map.of(2, 50), open(service, 50));
      millis += backOff - 1;
      assertEquals(Map.of(2, 50), open(service, 50));
      millis += 1;
      assertTrue(open(service, 50).containsKey(1), "tried again after " + backOff);
    }
    fail(service, 1);
    fail(service, 2);
    assertEquals(2, open(service, 200).size(), "two that refuse are better than none");
    Balancing without = new Balancing(Choice.FEWEST_FLOWS, false, 0, false);
    assertEquals(2, open(service(without, one(1), one(2)), 200).size());
  }

  @Test
  void affinityHoldsWhateverHappensToOthers() {
    Balancing sticky = new Balancing(Choice.CLIENT_ADDRESS, false, 0, true);
    ServiceTable all = service(sticky, one(1), one(2), one(3));
    ServiceTable without = service(sticky, one(3), one(1));
    int stayed = 0;
    int others = 0;
    for (int client = 0; client < 3000; client++) {
      int chosen = choose(all, client);
      assertEquals(chosen, choose(all, client));
      if (chosen != 2) {
        others++;
        stayed += choose(without, client) == chosen ? 1 : 0;
      }
    }
    assertTrue(stayed >= 0.97 * others, stayed + " of " + others);
  }

  @Test
  void aConnectionIsOfferedToEachOnceAndThenToNobody() {
    for (Choice choice : Choice.values()) {
      ServiceTable service = service(new Balancing(choice, false, 0, true), one(1), one(2), one(3));
      long tried = 0;
      for (int i = 0; i < 3; i++) {
        Candidate next = requireNonNull(service.choose(9, tried, 0, millis, random));
        assertEquals(0, tried & next.triedBit());
        tried |= next.triedBit();
      }
      assertNull(service.choose(9, tried, 0, millis, random));
    }
  }

  /** A backend's number is given to another only when no table has it any more. */
  @Test
  void whoIsKeptKeepsItsNumber() {
    ServiceTable kept = service(Balancing.DEFAULT, one(1));
    int number = kept.candidates()[0].load().slot();
    for (int other = 2; other < 10; other++) {
      balancer.beginSpec();
      balancer.keep(kept);
      assertNotEquals(number, service(Balancing.DEFAULT, one(other)).candidates()[0].load().slot());
    }
    balancer.beginSpec();
    balancer.beginSpec();
    Candidate[] next = service(Balancing.DEFAULT, one(20), one(21)).candidates();
    assertTrue(Arrays.stream(next).anyMatch(one -> one.load().slot() == number));
  }

  @Test
  void ofManyEachGetsItsPart() {
    Backend[] many = new Backend[20_000];
    for (int i = 0; i < many.length; i++) {
      many[i] = weighing(1000 + i, i < 1000 ? 1900 : 100);
    }
    ServiceTable service = service(Balancing.DEFAULT, many);
    int heavy = 0;
    Map<Integer, Integer> chosen = new TreeMap<>();
    for (int i = 0; i < 100_000; i++) {
      Candidate one = requireNonNull(service.choose(9, 0, 0, millis, random));
      heavy += one.weight() == 1900 ? 1 : 0;
      chosen.merge(one.ip(), 1, Integer::sum);
    }
    // Of two whose flows are equally many, the heavier one.
    assertEquals(0.75, heavy / 100_000.0, 0.02);
    assertTrue(chosen.size() > 14_000, "only " + chosen.size());
  }

  private void assertShares(Map<Integer, Double> expected, double tolerance, Backend... backends) {
    Map<Integer, Integer> shares = open(service(Balancing.DEFAULT, backends), FLOWS);
    expected.forEach((ip, share) -> assertEquals(share, share(shares, ip), tolerance));
  }

  private static double share(Map<Integer, Integer> flows, int ip) {
    return (double) flows.getOrDefault(ip, 0) / FLOWS;
  }

  private ServiceTable service(Balancing balancing, Backend... backends) {
    VirtualService spec = new VirtualService("s", "s", VIP, balancing, List.of(backends));
    return balancer.service(1, spec, ip -> true, ip -> ip == 1);
  }

  /** Opens flows that stay open. */
  private Map<Integer, Integer> open(ServiceTable service, int count) {
    Map<Integer, Integer> byBackend = new TreeMap<>();
    Flow[] flows = new Flow[count];
    for (int i = 0; i < count; i++) {
      flows[i] = new Flow();
      flows[i].begin(1, 6, 50, 100, i, FlowState.SYN_SENT);
      assertEquals(LoadBalancer.Opening.OPENED, balancer.open(flows[i], service, random));
      byBackend.merge(flows[i].backend(), 1, Integer::sum);
    }
    for (Flow flow : flows) {
      balancer.remove(flow);
    }
    return byBackend;
  }

  private int choose(ServiceTable service, int client) {
    Candidate chosen = service.choose(client, 0, 0, millis, random);
    return chosen == null ? 0 : chosen.ip();
  }

  private void fail(ServiceTable service, int backend) {
    Flow flow = new Flow();
    flow.begin(1, 6, 50, 100, 1, FlowState.SYN_SENT);
    for (int i = 0; i < 1000 && flow.backend() != backend; i++) {
      balancer.remove(flow.index() < 0 ? opened(flow, service) : flow);
      flow.begin(1, 6, 50, 100, 1, FlowState.SYN_SENT);
      opened(flow, service);
    }
    balancer.failed(flow, service);
    balancer.remove(flow);
  }

  private Flow opened(Flow flow, ServiceTable service) {
    assertEquals(LoadBalancer.Opening.OPENED, balancer.open(flow, service, random));
    return flow;
  }

  private static Backend one(int ip) {
    return weighing(ip, 100);
  }

  private static Backend weighing(int ip, int weight) {
    return new Backend("t" + ip, new Ipv4Address(ip), weight, false, 0);
  }
}
