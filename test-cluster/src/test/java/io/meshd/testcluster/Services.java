package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;

import io.meshd.testcluster.peer.Stream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Services of process tasks on a cluster, as the manager's meshctl shows them. */
final class Services {
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final Duration UPDATED = Duration.ofSeconds(90);
  private static final Duration POLL = Duration.ofMillis(200);

  private final Cluster cluster;

  Services(Cluster cluster) {
    this.cluster = cluster;
  }

  /** Creates a service and waits until all its tasks run. */
  void create(String name, List<String> options, String... command) {
    start(name, options, command);
    converged(name);
  }

  /** Creates a service and does not wait for anything. */
  void start(String name, List<String> options, String... command) {
    List<String> line = new ArrayList<>(List.of("service", "create", "--runtime", "process", "-d"));
    line.addAll(List.of("--name", name));
    line.addAll(options);
    line.addAll(List.of(command));
    cluster.meshctl(line);
  }

  /** Waits until all tasks of these services run. */
  void converged(String... names) {
    await()
        .alias("all tasks of " + List.of(names))
        .atMost(PATIENCE)
        .pollInterval(POLL)
        .until(() -> whole().containsAll(List.of(names)));
  }

  /** The services that have tasks, and all of them running. */
  private List<String> whole() {
    return cluster
        .meshctl(List.of("service", "ls", "--format", "{{.Name}} {{.Replicas}}"))
        .lines()
        .filter(line -> line.matches("\\S+ ([1-9]\\d*)/\\1\\b.*"))
        .map(line -> line.replaceFirst(" .*", ""))
        .toList();
  }

  /** Scales and waits for exactly so many running tasks. */
  List<Task> scale(String service, int replicas) {
    cluster.meshctl(List.of("service", "scale", "-d", service + "=" + replicas));
    return running(service, replicas);
  }

  /** Updates a service and waits until all its tasks were replaced by as many. */
  List<Task> update(String service, String... options) {
    List<Task> before = running(service);
    List<String> line = new ArrayList<>(List.of("service", "update", "-d"));
    line.addAll(List.of(options));
    line.add(service);
    cluster.meshctl(line);
    return await()
        .alias("update of " + service)
        .atMost(UPDATED)
        .pollInterval(POLL)
        .until(
            () -> running(service),
            now -> now.size() == before.size() && now.stream().noneMatch(before::contains));
  }

  /** The command line of one of the programs in {@link io.meshd.testcluster.peer}. */
  static String[] program(Class<?> main, String... args) {
    List<String> line = new ArrayList<>();
    line.add(System.getProperty("java.home") + "/bin/java");
    line.addAll(List.of("-Xmx64m", "-XX:+UseSerialGC", "-cp"));
    line.add(Cluster.folder().resolve("target/classes").toString());
    line.add(main.getName());
    line.addAll(List.of(args));
    return line.toArray(String[]::new);
  }

  static String[] bulk(String... args) {
    return program(Stream.class, args);
  }

  /** Every task of the service, old ones too. */
  List<Task> all(String service) {
    String format = "{{.ID}}|{{.Name}}|{{.Node}}|{{.CurrentState}}";
    return cluster
        .meshctl(List.of("service", "ps", "--no-trunc", "--format", format, service))
        .lines()
        .map(line -> line.split("\\|", -1))
        .map(
            f ->
                new Task(
                    f[0], f[1].replaceFirst("^ *\\\\_ *", ""), f[2], f[3].replaceFirst(" .*", "")))
        .toList();
  }

  List<Task> running(String service) {
    return all(service).stream().filter(task -> task.state().equals("Running")).toList();
  }

  /** Waits for exactly so many running tasks. */
  List<Task> running(String service, int count) {
    return await()
        .atMost(PATIENCE)
        .pollInterval(POLL)
        .until(() -> running(service), tasks -> tasks.size() == count);
  }

  Task only(String service) {
    return running(service, 1).getFirst();
  }

  /** Runs in the task's namespaces, through meshctl exec on its node. */
  CommandResult exec(Task task, String... command) {
    List<String> line = new ArrayList<>(List.of("exec", task.id()));
    line.addAll(List.of(command));
    return cluster.meshctl(task.node(), line.toArray(String[]::new));
  }

  String sh(Task task, String script) {
    return exec(task, "sh", "-c", script).orFail();
  }

  /** Dotted IPv4 address of a device in the task. */
  String address(Task task, String device) {
    return addressWithPrefix(task, device).replaceFirst("/.*", "");
  }

  String addressWithPrefix(Task task, String device) {
    String line = sh(task, "ip -4 -o addr show dev " + device);
    return line.replaceFirst(".* inet ([0-9./]+) .*", "$1").strip();
  }
}
