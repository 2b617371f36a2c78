package io.meshd.daemon.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.meshd.daemon.ingress.IngressCounter;
import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.switching.TrafficCounter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Counters by their names in the metrics. */
class CounterFamiliesTest {

  @Test
  void aDropReasonIsALabel() {
    for (DropReason reason : DropReason.values()) {
      assertEquals(
          "meshd_dropped_frames{reason=" + reason.label() + "}",
          metric("dropped." + reason.label()));
    }
  }

  @Test
  void whatAConnectionFailedForIsALabel() {
    assertEquals(
        "meshd_ingress_failed_connections{reason=limit}",
        metric(IngressCounter.FAILED_LIMIT.label()));
    assertEquals("meshd_ingress_connections{stage=accepted}", metric("ingress.accepted"));
    assertEquals(
        "meshd_ingress_unpreserved{port=10.0.0.1:8080/tcp,reason=no_slice}",
        metric("ingress.preserve.10.0.0.1:8080/tcp.fallback.no_slice"));
    for (IngressCounter counter : IngressCounter.values()) {
      assertFalse(metric(counter.label()).startsWith("meshd_events"), counter.label());
    }
  }

  @Test
  void oneFamilyHasOneSetOfLabels() {
    assertEquals("meshd_dns_refusals{reason=malformed}", metric("dns.malformed"));
    assertEquals("meshd_tap_bytes{direction=rx}", metric("tap.rx_bytes"));
    assertEquals("meshd_flows{}", metric("flows.active"));
    assertEquals("meshd_path_mtu_bytes{vtep=10.0.0.2}", metric("path.mtu.10.0.0.2"));
    assertEquals("meshd_path_events{event=recut}", metric("path.recut"));
    assertEquals(
        "meshd_refused_connections{door=control,reason=not-tls}",
        metric("control.refused.not-tls"));
    assertEquals("meshd_refused_users{door=api.socket}", metric("api.socket.refused"));
    assertEquals(
        "meshd_gossip_bytes{over=stream,direction=sent}", metric("gossip.stream_bytes_sent"));
  }

  @Test
  void aCounterThatHasNoFamilyIsShownByItsName() {
    assertEquals("meshd_events{counter=some.new_one}", metric("some.new_one"));
    assertEquals(
        7,
        CounterFamilies.of(Map.of("some.new_one", 7L))
            .values()
            .iterator()
            .next()
            .getFirst()
            .value());
  }

  @Test
  void countersOfAFamilyAreTogether() {
    Map<String, Long> all = new TreeMap<>();
    for (TrafficCounter counter : TrafficCounter.values()) {
      all.put(counter.label(), 1L);
    }
    Map<CounterFamilies.Family, List<CounterFamilies.Point>> families = CounterFamilies.of(all);
    assertEquals(
        2,
        families.entrySet().stream()
            .filter(family -> family.getKey().name().equals("meshd_tap_frames"))
            .mapToInt(family -> family.getValue().size())
            .sum());
    assertEquals(all.size(), families.values().stream().mapToInt(List::size).sum(), "none is lost");
  }

  private static String metric(String counter) {
    Map.Entry<CounterFamilies.Family, List<CounterFamilies.Point>> only =
        CounterFamilies.of(Map.of(counter, 1L)).entrySet().iterator().next();
    List<String> names = only.getKey().labels();
    List<String> values = only.getValue().getFirst().labels();
    return only.getKey().name()
        + IntStream.range(0, names.size())
            .mapToObj(i -> names.get(i) + "=" + values.get(i))
            .collect(Collectors.joining(",", "{", "}"));
  }
}
