package io.meshd.daemon.metrics;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which metric a counter of {@code meshctl counters} is. The counters' names come from closed sets
 * ({@code DropReason}, {@code IngressCounter} and their like) and from the numbers of published
 * ports, so the labels are bounded too. A counter that no family has is an event by its name: a new
 * one is seen before it has a family.
 */
final class CounterFamilies {
  private static final Pattern PART = Pattern.compile("\\{([a-z]+)(?:=([^}]*))?}");

  private static final List<Family> FAMILIES =
      List.of(
          counter("dropped.{reason}", "dropped_frames", "Frames that went nowhere"),
          counter("tap.{direction}_frames", "tap_frames", "Frames of endpoints' TAPs"),
          counter("tap.{direction}_bytes", "tap_bytes", "Bytes of those frames"),
          counter("vxlan.{direction}_datagrams", "vxlan_datagrams", "VXLAN datagrams"),
          counter("vxlan.{direction}_batches", "vxlan_batches", "System calls for them"),
          counter("vxlan.{what=sealed|opened}", "vxlan_encrypted_datagrams", "Sealed and opened"),
          counter("{protocol=arp|nd}.replies", "neighbour_replies", "Answers to ARP and ND"),
          counter("virtual.{kind}", "virtual_answers", "What virtual IPs answered themselves"),
          counter("preserved.{kind}", "preserved_frames", "Frames with clients' own addresses"),
          gauge("path.mtu.{vtep}", "path_mtu_bytes", "What paths to nodes carry; 0: not known"),
          counter("path.{event}", "path_events", "Probes of paths to other nodes, and their use"),
          gauge("flows.active", "flows", "Flows to virtual IPs in the table"),
          counter("flows.{event}", "flow_events", "Flows to virtual IPs that began and ended"),
          counter("backends.ejections", "backend_ejections", "Backends of virtual IPs left out"),
          counter("ingress.bytes.{direction}", "ingress_bytes", "Bytes of published TCP ports"),
          counter("ingress.listener.{event}", "ingress_listener_events", "Listening sockets"),
          counter(
              "ingress.attempt.{reason}",
              "ingress_failed_attempts",
              "Attempts on a backend that failed; another one was tried"),
          counter(
              "ingress.failed.{reason}",
              "ingress_failed_connections",
              "Connections of clients that were reset"),
          counter(
              "ingress.backend.ejected",
              "ingress_backend_ejections",
              "Backends of published ports left out for a while"),
          counter("ingress.udp.session.{event}", "ingress_udp_sessions", "UDP sessions"),
          counter(
              "ingress.udp.dropped.{reason}",
              "ingress_udp_dropped_datagrams",
              "Datagrams of published UDP ports that went nowhere"),
          counter(
              "ingress.udp.backend_unreachable",
              "ingress_udp_unreachable_backends",
              "ICMP errors from backends of published UDP ports"),
          counter("ingress.udp.{direction}", "ingress_udp_datagrams", "Datagrams handed on"),
          counter(
              "ingress.preserve.{port}.kept",
              "ingress_preserved",
              "Connections and sessions that kept the client's address"),
          counter(
              "ingress.preserve.{port}.fallback.{reason}",
              "ingress_unpreserved",
              "Those that were to keep it and could not"),
          counter("ingress.{stage}", "ingress_connections", "Connections to published TCP ports"),
          counter("dns.queries.{transport}", "dns_queries", "Questions for names"),
          counter("dns.answers.{kind}", "dns_answers", "Their answers"),
          counter(
              "dns.{reason=refused|malformed|not_implemented}",
              "dns_refusals",
              "Questions answered with a refusal"),
          counter("dns.dropped.{reason}", "dns_dropped_queries", "Questions without an answer"),
          counter("dns.forward.{event}", "dns_forward_events", "Questions for outside names"),
          counter(
              "{door}.refused.{reason}", "refused_connections", "Turned away at this node's doors"),
          counter("{door=api.socket}.refused", "refused_users", "Of users who may not speak"),
          gauge("control.strangers", "control_strangers", "Connections not yet known on :2377"),
          counter("managers.{event}", "manager_events", "What happens between managers"),
          counter(
              "gossip.{over=datagram|stream}_bytes_{direction}", "gossip_bytes", "Of its sockets"),
          counter("gossip.refused_{reason}", "gossip_refused", "Messages that were not understood"),
          counter("gossip.{event}", "gossip_events", "What gossip counts"),
          counter("{counter}", "events", "Whatever else is counted, by the counter's name"));

  /**
   * A metric.
   *
   * @param name without {@code _total}
   * @param labels in the order of the pattern's groups
   */
  record Family(String name, String help, boolean gauge, Pattern pattern, List<String> labels) {}

  /** One value of a family, its labels' values in their order. */
  record Point(List<String> labels, long value) {}

  private CounterFamilies() {}

  private static Family counter(String pattern, String name, String help) {
    return family(pattern, name, help, false);
  }

  private static Family gauge(String pattern, String name, String help) {
    return family(pattern, name, help, true);
  }

  /** {@code {label}} in the pattern takes anything, {@code {label=regex}} what matches. */
  private static Family family(String pattern, String name, String help, boolean gauge) {
    List<String> labels = new ArrayList<>();
    StringBuilder regex = new StringBuilder();
    Matcher part = PART.matcher(pattern);
    int at = 0;
    while (part.find()) {
      labels.add(part.group(1));
      String taken = part.group(2) == null ? ".+" : part.group(2);
      regex.append(Pattern.quote(pattern.substring(at, part.start())));
      regex.append('(').append(taken).append(')');
      at = part.end();
    }
    regex.append(Pattern.quote(pattern.substring(at)));
    return new Family("meshd_" + name, help, gauge, Pattern.compile(regex.toString()), labels);
  }

  /** Every counter in its family, by the families' names. */
  static Map<Family, List<Point>> of(Map<String, Long> counters) {
    Map<Family, List<Point>> all = new TreeMap<>(Comparator.comparing(Family::name));
    counters.forEach(
        (name, value) -> {
          for (Family family : FAMILIES) {
            Matcher matcher = family.pattern().matcher(name);
            if (matcher.matches()) {
              List<String> labels = new ArrayList<>();
              for (int i = 1; i <= matcher.groupCount(); i++) {
                labels.add(matcher.group(i));
              }
              all.computeIfAbsent(family, f -> new ArrayList<>()).add(new Point(labels, value));
              return;
            }
          }
        });
    return all;
  }
}
