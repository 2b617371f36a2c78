package io.meshd.daemon.reconcile;

import io.meshd.daemon.ingress.Ingress;
import io.meshd.daemon.linux.IpChanges;
import io.meshd.daemon.linux.NetworkNamespaces;
import io.meshd.daemon.linux.NodePlumbing;
import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.linux.SocketKeeper;
import io.meshd.daemon.tasks.TaskSupervisor;
import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.DataplaneConfig;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One node of a test, all parts real: its "host" is a namespace with the underlay address, below it
 * the node namespace, bridges, tasks.
 */
final class ReconcileNode implements AutoCloseable {
  final String id;
  final Path host;
  final Path netnsBase;
  private final String vtep;
  private final Path dataDir;
  private final TestCluster cluster;
  private @Nullable Dataplane dataplane;
  private @Nullable Ingress ingress;
  private @Nullable TaskReports reports;
  private @Nullable TaskSupervisor tasks;
  private @Nullable Reconciler reconciler;

  ReconcileNode(TestCluster cluster, Path folder, Path host, String id, String vtep) {
    this.cluster = cluster;
    this.id = id;
    this.host = host;
    this.vtep = vtep;
    this.netnsBase = folder.resolve(id + "-netns");
    this.dataDir = folder.resolve(id + "-data");
  }

  /** As meshd does it at its start. */
  void start() throws Exception {
    NodePlumbing made = NodePlumbing.ensure(netnsBase, host, dataDir);
    Dataplane plane =
        Netns.call(
            host, () -> Dataplane.open(new DataplaneConfig(Ipv4Address.parse(vtep), 4789, 1)));
    dataplane = plane;
    Ingress mesh =
        Netns.call(
            host,
            () -> Ingress.open(Netns.threadFactory(made.node().path()), 1, SocketKeeper.none()));
    ingress = mesh;
    TaskReports telling = new TaskReports(cluster::report);
    reports = telling;
    TaskSupervisor supervisor =
        new TaskSupervisor(
            dataDir.resolve("tasks"), made.namespaces(), host, made.subnets(), id, telling);
    tasks = supervisor;
    Reconciler passes =
        new Reconciler(
            id, dataDir, made, plane, supervisor, telling, mesh::apply, here -> {}, state -> {});
    reconciler = passes;
    passes.start();
    cluster.watch(passes);
  }

  /** As when meshd ends: tasks and devices stay. */
  void stop() {
    if (reconciler != null) {
      cluster.unwatch(reconciler);
      reconciler.close();
    }
    if (reports != null) {
      reports.close();
    }
    if (tasks != null) {
      tasks.close();
    }
    if (ingress != null) {
      ingress.close();
    }
    if (dataplane != null) {
      dataplane.close();
    }
    reconciler = null;
    reports = null;
    ingress = null;
    dataplane = null;
  }

  void leave() throws IOException {
    if (reconciler != null) {
      cluster.unwatch(reconciler);
      reconciler.leave();
    }
    stop();
  }

  TaskSupervisor tasks() {
    return Objects.requireNonNull(tasks);
  }

  Reconciler reconciler() {
    return Objects.requireNonNull(reconciler);
  }

  Dataplane dataplane() {
    return Objects.requireNonNull(dataplane);
  }

  Path nodeNetns() {
    return netnsBase.resolve("meshd");
  }

  NetworkNamespaces namespaces() {
    return new NetworkNamespaces(netnsBase);
  }

  static void join(Path a, String addressA, Path b, String addressB) throws IOException {
    new IpChanges()
        .line("link add name u0 type veth peer name u0 netns " + b)
        .line("address add " + addressA + "/24 dev u0")
        .line("link set dev u0 up")
        .apply(a);
    new IpChanges()
        .line("address add " + addressB + "/24 dev u0")
        .line("link set dev u0 up")
        .apply(b);
  }

  @Override
  public void close() throws IOException {
    Problems problems = new Problems();
    if (reconciler == null && tasks != null) {
      try {
        start();
      } catch (Exception e) {
        problems.attempt(
            () -> {
              throw new IOException(e);
            });
      }
    }
    problems.attempt(this::leave);
    for (String name : namespaces().list()) {
      problems.attempt(() -> namespaces().remove(name));
    }
    problems.throwIfAny();
  }
}
