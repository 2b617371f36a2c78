package io.meshd.daemon.state;

import io.meshd.api.Nodes;
import io.meshd.api.Services;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/** Commands that often fit the state and sometimes do not. The same seed gives the same ones. */
final class RandomCommands {
  private final Random random;
  private long clock = 1_700_000_000;
  private int ids;

  RandomCommands(long seed) {
    random = new Random(seed);
  }

  Random random() {
    return random;
  }

  Command next(ClusterState state) {
    String at = Instant.ofEpochSecond(clock++).toString();
    if (state.cluster() == null) {
      return new Command.InitCluster(
          at, "cluster", "ingress-id", List.of("10.64.0.0/16"), 27, 0, "w", "m", "g", null, null);
    }
    return switch (random.nextInt(26)) {
      case 0, 1 -> upsertNode(at);
      case 2 ->
          new Command.SetNodeStatus(
              at, any(state.nodes().keySet()), pick(NodeRecord.NodeState.values()), null);
      case 3 -> new Command.RemoveNode(at, any(state.nodes().keySet()), random.nextBoolean());
      case 4 -> updateNode(at, state);
      case 5, 6, 7 -> createNetwork(at);
      case 8 -> new Command.RemoveNetwork(at, any(state.networks().keySet()));
      case 9, 10 -> new Command.CreateService(at, id("s"), spec("svc" + random.nextInt(8), state));
      case 11, 12 -> updateService(at, state);
      case 13 -> new Command.RemoveService(at, any(state.services().keySet()));
      case 14, 15, 16, 17 -> createTasks(at, state);
      case 18 -> assign(at, state);
      case 19 ->
          new Command.SetDesiredState(at, some(state.tasks().keySet()), pick(TaskState.values()));
      case 20, 21 -> report(at, state);
      case 22 -> new Command.RemoveTasks(at, some(state.tasks().keySet()));
      case 23, 24 ->
          new Command.AttachEndpoint(
              at,
              id("e"),
              any(state.nodes().keySet()),
              any(state.networks().keySet()),
              random.nextInt(3) == 0 ? any(state.services().keySet()) : null,
              random.nextBoolean() ? "ep" + random.nextInt(5) : null,
              "/run/netns/" + random.nextInt(4),
              random.nextInt(3) == 0 ? "10.64.0." + random.nextInt(256) : null);
      default -> new Command.DetachEndpoint(at, any(state.endpoints().keySet()));
    };
  }

  private String id(String kind) {
    return kind + ids++;
  }

  private <T> T pick(T[] values) {
    return values[random.nextInt(values.length)];
  }

  /** An ID of the set, rarely one that does not exist. */
  private String any(Set<String> keys) {
    List<String> sorted = keys.stream().sorted().toList();
    return sorted.isEmpty() || random.nextInt(15) == 0
        ? "nothing"
        : sorted.get(random.nextInt(sorted.size()));
  }

  private List<String> some(Set<String> keys) {
    List<String> some = new ArrayList<>();
    int count = random.nextInt(4);
    for (int i = 0; i < count; i++) {
      some.add(any(keys));
    }
    return some;
  }

  private Command upsertNode(String at) {
    int number = random.nextInt(6);
    return new Command.UpsertNode(
        at,
        "n" + number,
        new Nodes.NodeSpec(null, Map.of(), number == 0 ? "manager" : "worker", "active"),
        new Nodes.NodeDescription(
            "host" + number,
            new Nodes.Platform("x86_64", "linux"),
            new Nodes.Resources(1, 1),
            new Nodes.Engine("1")),
        "192.0.2." + random.nextInt(1, 9),
        "c:2377");
  }

  private Command updateNode(String at, ClusterState state) {
    NodeRecord node = state.nodes().get(any(state.nodes().keySet()));
    return new Command.UpdateNodeSpec(
        at,
        node == null ? "nothing" : node.id(),
        node == null ? 0 : node.version() - (random.nextInt(5) == 0 ? 1 : 0),
        new Nodes.NodeSpec(
            null,
            Map.of("k", "v" + random.nextInt(3)),
            node == null ? "worker" : node.spec().role(),
            pick(new String[] {"active", "pause", "drain"})));
  }

  private Command createNetwork(String at) {
    String subnet =
        random.nextInt(3) == 0
            ? "10." + random.nextInt(64, 66) + "." + random.nextInt(3) + ".0/" + pick(SIZES)
            : null;
    Map<String, String> options =
        random.nextInt(4) == 0
            ? Map.of(NetworkTransitions.VNI_OPTION, "" + random.nextInt(4095, 4105))
            : Map.of();
    return new Command.CreateNetwork(
        at,
        id("net"),
        TestCluster.request(
            "network" + random.nextInt(10), subnet, null, null, random.nextInt(4) > 0, options));
  }

  private static final Integer[] SIZES = {24, 26, 28, 29, 30};

  private Services.ServiceSpec spec(String name, ClusterState state) {
    String[] networks = new String[random.nextInt(3)];
    for (int i = 0; i < networks.length; i++) {
      networks[i] = any(state.networks().keySet());
    }
    Services.PortConfig[] ports = new Services.PortConfig[random.nextInt(4)];
    for (int i = 0; i < ports.length; i++) {
      int published = random.nextBoolean() ? 0 : random.nextInt(30000, 30006);
      ports[i] =
          new Services.PortConfig(
              null,
              random.nextInt(3) == 0 ? "udp" : null,
              random.nextInt(80, 83),
              published,
              random.nextInt(5) == 0 ? "host" : null);
    }
    return TestCluster.with(
        TestCluster.spec(name, random.nextInt(4), networks),
        random.nextInt(5) == 0 ? "dnsrr" : null,
        ports);
  }

  private Command updateService(String at, ClusterState state) {
    ServiceRecord service = state.services().get(any(state.services().keySet()));
    if (service == null) {
      return new Command.UpdateService(at, "nothing", 1, spec("svc", state), null);
    }
    return new Command.UpdateService(
        at,
        service.id(),
        service.version() - (random.nextInt(8) == 0 ? 1 : 0),
        spec(service.name(), state),
        null);
  }

  private Command createTasks(String at, ClusterState state) {
    List<Command.NewTask> tasks = new ArrayList<>();
    int count = random.nextInt(1, 6);
    for (int i = 0; i < count; i++) {
      tasks.add(
          new Command.NewTask(
              id("t"),
              i,
              random.nextInt(4) == 0 ? "" : any(state.nodes().keySet()),
              TaskState.RUNNING,
              null));
    }
    return new Command.CreateTasks(at, any(state.services().keySet()), tasks);
  }

  private Command assign(String at, ClusterState state) {
    List<Command.Assignment> assignments = new ArrayList<>();
    for (String task : some(state.tasks().keySet())) {
      assignments.add(new Command.Assignment(task, any(state.nodes().keySet())));
    }
    return new Command.AssignTasks(at, assignments);
  }

  private Command report(String at, ClusterState state) {
    List<Command.Report> reports = new ArrayList<>();
    for (String task : some(state.tasks().keySet())) {
      reports.add(
          new Command.Report(
              task,
              new TaskRecord.Status(
                  pick(TaskState.values()), at, null, null, random.nextInt(3), null)));
    }
    return new Command.ReportTasks(at, reports);
  }
}
