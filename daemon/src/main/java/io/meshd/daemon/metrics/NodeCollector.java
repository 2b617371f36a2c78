package io.meshd.daemon.metrics;

import io.meshd.api.Mesh;
import io.meshd.daemon.command.CommitTimes;
import io.meshd.daemon.ingress.PortStatus;
import io.meshd.daemon.raft.LogStatus;
import io.meshd.daemon.reconcile.PassStatus;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot.InfoDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * One {@link Readings} as metrics, in base units. What only the leader shows is the cluster's, so
 * that a sum over all nodes counts nothing twice; everything else is the node's own.
 */
final class NodeCollector implements MultiCollector {
  private static final List<String> GOSSIP_STATES = List.of("alive", "suspect", "dead", "left");

  private final Supplier<Readings> node;

  NodeCollector(Supplier<Readings> node) {
    this.node = node;
  }

  @Override
  public MetricSnapshots collect() {
    return new Page(node.get()).build();
  }

  /** The metrics of one scrape. */
  private static final class Page {
    private final MetricSnapshots.Builder all = MetricSnapshots.builder();
    private final Readings readings;

    Page(Readings readings) {
      this.readings = readings;
    }

    MetricSnapshots build() {
      all.metricSnapshot(
          InfoSnapshot.builder()
              .name("meshd_build")
              .help("The version of meshd, and the name of its node")
              .dataPoint(
                  new InfoDataPointSnapshot(
                      Labels.of("version", readings.version(), "node", readings.hostname())))
              .build());
      Map<String, Long> counters = new TreeMap<>(readings.counters());
      Readings.Node now = readings.node();
      gauge("meshd_in_swarm", "1 while this node is in a swarm", now == null ? 0 : 1);
      if (now != null) {
        state(now);
        passes(now.passes());
        ports(now.ports());
        if (now.gossip() != null) {
          now.gossip().counters().forEach((name, value) -> counters.put("gossip." + name, value));
          gossip(now.gossip());
        }
        if (now.log() != null) {
          log(now.log().status());
          commits(now.log().commits());
        }
      }
      CounterFamilies.of(counters).forEach(this::family);
      return all.build();
    }

    private void family(CounterFamilies.Family family, List<CounterFamilies.Point> points) {
      Function<CounterFamilies.Point, Labels> labels =
          point -> Labels.of(family.labels(), point.labels());
      if (family.gauge()) {
        gauges(family.name(), family.help(), points, labels, CounterFamilies.Point::value);
      } else {
        counters(family.name(), family.help(), points, labels, CounterFamilies.Point::value);
      }
    }

    private void state(Readings.Node now) {
      ClusterState state = now.state();
      gauge("meshd_state_version", "Version of the state that this node has", state.version());
      Collection<TaskRecord> tasks = state.tasks().values();
      tasks("meshd_tasks", "Tasks of this node", tasks, task -> task.nodeId().equals(now.id()));
      gauge("meshd_leader", "1 while this node leads the managers", now.leads() ? 1 : 0);
      if (now.leads()) {
        tasks("meshd_cluster_tasks", "Tasks of the cluster", tasks, task -> true);
        gauge("meshd_cluster_networks", "Networks of the cluster", state.networks().size());
        gauge("meshd_cluster_services", "Services of the cluster", state.services().size());
        Map<NodeRecord.NodeState, Integer> nodes = new EnumMap<>(NodeRecord.NodeState.class);
        List.of(NodeRecord.NodeState.values()).forEach(each -> nodes.put(each, 0));
        state.nodes().values().forEach(each -> nodes.merge(each.status(), 1, Integer::sum));
        gauges(
            "meshd_cluster_nodes",
            "Nodes of the cluster",
            nodes.entrySet(),
            each -> Labels.of("state", word(each.getKey())),
            Map.Entry::getValue);
      }
    }

    private void tasks(
        String name, String help, Collection<TaskRecord> tasks, Predicate<TaskRecord> counted) {
      Map<TaskState, Integer> states = new EnumMap<>(TaskState.class);
      List.of(TaskState.values()).forEach(each -> states.put(each, 0));
      tasks.stream()
          .filter(counted)
          .forEach(task -> states.merge(task.status().state(), 1, Integer::sum));
      gauges(
          name,
          help,
          states.entrySet(),
          each -> Labels.of("state", each.getKey().word()),
          Map.Entry::getValue);
    }

    private void passes(PassStatus passes) {
      counter("meshd_reconcile_passes", "Passes that compare node and state", passes.passes());
      counter(
          "meshd_reconcile_failures",
          "Passes after which not everything was as it should be",
          passes.failures());
      counter("meshd_reconcile_seconds", "Time that the passes took", passes.seconds());
      gauge(
          "meshd_served_state_version",
          "Version of the state whose tables and ports are in place",
          passes.version());
    }

    private void ports(List<PortStatus> ports) {
      Function<PortStatus, Labels> labels =
          port -> Labels.of("port", port.port(), "service", port.service());
      gauges(
          "meshd_port_open_connections",
          "Connections, or UDP sessions, of a published port of this node",
          ports,
          labels,
          PortStatus::open);
      counters(
          "meshd_port_connections",
          "Those and all before, since the port was published here",
          ports,
          labels,
          PortStatus::begun);
      gauges(
          "meshd_port_backends",
          "Tasks anywhere that may get new connections of the port",
          ports,
          labels,
          PortStatus::backends);
      gauges(
          "meshd_port_bound",
          "0 where another process holds the port",
          ports,
          labels,
          port -> port.bound() ? 1 : 0);
    }

    private void gossip(Mesh.Gossip gossip) {
      Map<String, Integer> states = new TreeMap<>();
      GOSSIP_STATES.forEach(state -> states.put(state, 0));
      gossip.members().forEach(member -> states.merge(member.state(), 1, Integer::sum));
      gauges(
          "meshd_gossip_members",
          "Members that this node knows by gossip, itself too",
          states.entrySet(),
          each -> Labels.of("state", each.getKey()),
          Map.Entry::getValue);
      gauge(
          "meshd_gossip_health_score",
          "0 is well; up to 7 while this node gets no answers from others",
          gossip.health());
      gauges(
          "meshd_gossip_waiting_news",
          "Changes that wait to be told",
          List.of(
              Map.entry("members", gossip.memberNews()), Map.entry("records", gossip.recordNews())),
          each -> Labels.of("of", each.getKey()),
          Map.Entry::getValue);
      // By hostname, of which a node that joined again may have two IDs: the living one answers.
      Map<String, Double> roundTrips = new TreeMap<>();
      for (Mesh.GossipMember member : gossip.members()) {
        Long micros = member.roundTripMicros();
        if (micros != null && !member.hostname().isEmpty()) {
          roundTrips.put(member.hostname(), micros / 1e6);
        }
      }
      gauges(
          "meshd_gossip_round_trip_seconds",
          "From a ping to its ack, the last of each member",
          roundTrips.entrySet(),
          each -> Labels.of("member", each.getKey()),
          Map.Entry::getValue);
    }

    private void log(LogStatus log) {
      gauge("meshd_raft_term", "Term of the managers' log", log.term());
      gauge("meshd_raft_last_index", "Last entry on this manager's disk", log.last());
      gauge("meshd_raft_commit_index", "Up to which a majority has the entries", log.committed());
      gauge("meshd_raft_applied_index", "Up to which this manager has applied them", log.applied());
      gauge("meshd_raft_has_leader", "1 while a leader is known here", log.leaderKnown() ? 1 : 0);
      gauge("meshd_raft_members", "Managers in the log, with and without a vote", log.members());
    }

    private void commits(CommitTimes.Reading commits) {
      ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
      for (int i = 0; i < commits.bounds().length; i++) {
        buckets.bucket(commits.bounds()[i], commits.counts()[i]);
      }
      all.metricSnapshot(
          HistogramSnapshot.builder()
              .name("meshd_raft_commit_seconds")
              .help("From a proposal of this manager until a majority had it on disk")
              .dataPoint(
                  HistogramDataPointSnapshot.builder()
                      .classicHistogramBuckets(buckets.build())
                      .sum(commits.seconds())
                      .build())
              .build());
    }

    private void gauge(String name, String help, long value) {
      gauges(name, help, List.of(value), each -> Labels.EMPTY, each -> each);
    }

    private void counter(String name, String help, long value) {
      counters(name, help, List.of(value), each -> Labels.EMPTY, each -> each);
    }

    private void counter(String name, String help, double value) {
      counters(name, help, List.of(value), each -> Labels.EMPTY, each -> each);
    }

    private <T> void gauges(
        String name,
        String help,
        Collection<T> points,
        Function<? super T, Labels> labels,
        ToDoubleFunction<? super T> value) {
      GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
      for (T point : points) {
        gauge.dataPoint(
            GaugeDataPointSnapshot.builder()
                .labels(labels.apply(point))
                .value(value.applyAsDouble(point))
                .build());
      }
      all.metricSnapshot(gauge.build());
    }

    private <T> void counters(
        String name,
        String help,
        Collection<T> points,
        Function<? super T, Labels> labels,
        ToDoubleFunction<? super T> value) {
      CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
      for (T point : points) {
        counter.dataPoint(
            CounterDataPointSnapshot.builder()
                .labels(labels.apply(point))
                .value(value.applyAsDouble(point))
                .build());
      }
      all.metricSnapshot(counter.build());
    }

    private static String word(Enum<?> name) {
      return name.name().toLowerCase(Locale.ROOT);
    }
  }
}
