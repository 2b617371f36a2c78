package io.meshd.daemon.state;

import io.meshd.api.Networks;
import io.meshd.api.Nodes;
import io.meshd.api.Services;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A machine driven as the log drives it, through bytes, with short IDs. */
public final class TestCluster {
  public static final String AT = "2026-01-02T03:04:05.000000000Z";

  private final StateMachine machine = new StateMachine();

  /** An initialised cluster with nodes n1 (manager), n2, n3, ... all ready. */
  public static TestCluster of(int nodes) {
    return of(nodes, new Authority("ROOT", "KEY", null));
  }

  public static TestCluster of(int nodes, Authority authority) {
    TestCluster cluster = new TestCluster();
    cluster.done(
        new Command.InitCluster(
            AT, "cluster", "ingressid", List.of(), 0, 0, "WT", "MT", "GK", "DK", authority));
    for (int i = 1; i <= nodes; i++) {
      cluster.node(i);
    }
    return cluster;
  }

  public void node(int i) {
    done(
        new Command.UpsertNode(
            AT,
            "n" + i,
            new Nodes.NodeSpec(null, Map.of(), i == 1 ? "manager" : "worker", "active"),
            new Nodes.NodeDescription(
                "host" + i,
                new Nodes.Platform("x86_64", "linux"),
                new Nodes.Resources(1, 1),
                new Nodes.Engine("1", CommandFormat.labels())),
            "192.0.2." + i,
            "192.0.2." + i + ":2377"));
    status(i, NodeRecord.NodeState.READY);
  }

  public void status(int i, NodeRecord.NodeState status) {
    done(new Command.SetNodeStatus(AT, "n" + i, status, null));
  }

  public StateMachine machine() {
    return machine;
  }

  public ClusterState state() {
    return machine.state();
  }

  public Outcome apply(Command command) {
    return StateCodec.decodeOutcome(machine.apply(StateCodec.encode(command)));
  }

  public Outcome.Done done(Command command) {
    Outcome outcome = apply(command);
    if (outcome instanceof Outcome.Done done) {
      return done;
    }
    throw new AssertionError(command + " was refused: " + outcome);
  }

  public String refusal(Command command) {
    ClusterState before = state();
    Outcome outcome = apply(command);
    if (!(outcome instanceof Outcome.Refused refused)) {
      throw new AssertionError(command + " was not refused");
    }
    if (!before.equals(state())) {
      throw new AssertionError("a refused command changed the state: " + command);
    }
    return refused.message();
  }

  public ServiceRecord service(String name) {
    return state().services().values().stream()
        .filter(s -> s.name().equals(name))
        .findAny()
        .orElseThrow();
  }

  public NetworkRecord network(String name) {
    return state().networks().values().stream()
        .filter(n -> n.name().equals(name))
        .findAny()
        .orElseThrow();
  }

  public TaskRecord task(String id) {
    TaskRecord task = state().tasks().get(id);
    if (task == null) {
      throw new AssertionError("no task " + id);
    }
    return task;
  }

  public void report(TaskState state, String... taskIds) {
    report(AT, state, taskIds);
  }

  public void report(String at, TaskState state, String... taskIds) {
    for (String id : taskIds) {
      done(
          new Command.ReportTasks(
              at,
              List.of(
                  new Command.Report(
                      id, new TaskRecord.Status(state, at, state.word(), null, null, null)))));
    }
  }

  public void tasks(String serviceId, String nodeId, String... ids) {
    long slot = 1;
    for (String id : ids) {
      done(
          new Command.CreateTasks(
              AT,
              serviceId,
              List.of(new Command.NewTask(id, slot++, nodeId, TaskState.RUNNING, null))));
    }
  }

  public static Command.CreateNetwork createNetwork(String id, String name) {
    return createNetwork(id, request(name, null, null, null, true, Map.of()));
  }

  public static Command.CreateNetwork createNetwork(String id, Networks.CreateRequest request) {
    return new Command.CreateNetwork(AT, id, request);
  }

  public static Networks.CreateRequest request(
      String name,
      @Nullable String subnet,
      @Nullable String range,
      @Nullable String gateway,
      boolean attachable,
      Map<String, String> options) {
    return new Networks.CreateRequest(
        name,
        "overlay",
        null,
        null,
        null,
        null,
        new Networks.Ipam(
            null, null, List.of(new Networks.IpamConfig(subnet, range, gateway, null))),
        null,
        attachable,
        null,
        null,
        null,
        options,
        null);
  }

  /** A process service; the fields a test cares for are set with the methods below. */
  public static Services.ServiceSpec spec(String name, long replicas, String... networks) {
    List<Services.NetworkAttachmentConfig> attachments =
        Arrays.stream(networks)
            .map(n -> new Services.NetworkAttachmentConfig(n, null, null))
            .toList();
    return new Services.ServiceSpec(
        name,
        null,
        task(List.of("sleep", "1"), null, null, attachments),
        new Services.ServiceMode(new Services.Replicated(replicas), null),
        null,
        null,
        null,
        null);
  }

  public static Services.TaskSpec task(
      List<String> command,
      Services.@Nullable RestartPolicy restart,
      Services.@Nullable Placement placement,
      @Nullable List<Services.NetworkAttachmentConfig> networks) {
    return new Services.TaskSpec(
        new Services.ContainerSpec(
            null, null, command, null, null, null, null, null, null, null, null, null, null),
        null,
        restart,
        placement,
        networks,
        null,
        null,
        "process");
  }

  public static Services.ServiceSpec with(Services.ServiceSpec spec, Services.TaskSpec task) {
    return new Services.ServiceSpec(
        spec.name(),
        spec.labels(),
        task,
        spec.mode(),
        spec.updateConfig(),
        spec.rollbackConfig(),
        spec.networks(),
        spec.endpointSpec());
  }

  public static Services.ServiceSpec with(Services.ServiceSpec spec, Services.ServiceMode mode) {
    return new Services.ServiceSpec(
        spec.name(),
        spec.labels(),
        spec.taskTemplate(),
        mode,
        spec.updateConfig(),
        spec.rollbackConfig(),
        spec.networks(),
        spec.endpointSpec());
  }

  public static Services.ServiceSpec with(Services.ServiceSpec spec, Services.UpdateConfig update) {
    return new Services.ServiceSpec(
        spec.name(),
        spec.labels(),
        spec.taskTemplate(),
        spec.mode(),
        update,
        spec.rollbackConfig(),
        spec.networks(),
        spec.endpointSpec());
  }

  public static Services.ServiceSpec with(
      Services.ServiceSpec spec, @Nullable String mode, Services.PortConfig... ports) {
    return new Services.ServiceSpec(
        spec.name(),
        spec.labels(),
        spec.taskTemplate(),
        spec.mode(),
        spec.updateConfig(),
        spec.rollbackConfig(),
        spec.networks(),
        new Services.EndpointSpec(mode, List.of(ports)));
  }

  /** {@code published} 0: open. */
  public static Services.PortConfig port(int published, int target) {
    return new Services.PortConfig(null, null, target, published, null);
  }

  public static Services.PortConfig hostPort(int published, int target) {
    return new Services.PortConfig(null, "udp", target, published, "host");
  }

  public static Command.CreateService createService(String id, Services.ServiceSpec spec) {
    return new Command.CreateService(AT, id, spec);
  }

  public Command.UpdateService update(String name, Services.ServiceSpec spec) {
    return new Command.UpdateService(AT, name, service(name).version(), spec, null);
  }
}
