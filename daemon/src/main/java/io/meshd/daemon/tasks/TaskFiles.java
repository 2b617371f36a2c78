package io.meshd.daemon.tasks;

import io.meshd.daemon.linux.NodeBridges;
import io.meshd.daemon.linux.ResolvConf;
import io.meshd.daemon.linux.ToolRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The three files of {@code /etc} that a task has for itself, as a container has: the shim binds
 * them over the node's in the task's own mount namespace. The node's files stay as they are.
 *
 * <p>A bind ends when somebody replaces the file underneath by another (rename(2)), as programs do
 * that keep resolv.conf: so running tasks are looked after.
 */
final class TaskFiles {
  private static final String NDOTS = "ndots:";

  private final Path shim;
  private final NodeBridges.Subnets subnets;

  /** {@code subnets}: of the bridges, whose gateways are asked where there is nobody else. */
  TaskFiles(Path shim, NodeBridges.Subnets subnets) {
    this.shim = shim;
    this.subnets = subnets;
  }

  /** Writes them; before the task starts. */
  void write(DesiredTask task, Path folder) throws IOException {
    Files.createDirectories(folder);
    String hostname = TaskEnvironment.hostname(task);
    Map<String, String> files =
        Map.of(
            "resolv.conf", resolvConf(task, ResolvConf.read(ResolvConf.HOST)),
            "hosts", hosts(task, hostname),
            "hostname", hostname + "\n");
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(folder.resolve(file.getKey()), file.getValue(), StandardCharsets.UTF_8);
    }
  }

  /** As Docker has it: the node's search list and options where nothing else was asked for. */
  private String resolvConf(DesiredTask task, ResolvConf node) {
    TaskNames names = task.names();
    String bridge = task.networks().isEmpty() ? subnets.local() : subnets.gateway();
    List<String> options = new ArrayList<>(names.options());
    node.options().stream().filter(o -> !o.startsWith(NDOTS)).forEach(options::add);
    if (options.stream().noneMatch(option -> option.startsWith(NDOTS))) {
      options.add(NDOTS + "0");
    }
    return new ResolvConf(
            names.nameservers().isEmpty()
                ? List.of(NodeBridges.gatewayOf(bridge))
                : names.nameservers(),
            names.search().isEmpty() ? node.search() : names.search(),
            options)
        .text();
  }

  private static String hosts(DesiredTask task, String hostname) {
    StringBuilder text = new StringBuilder("127.0.0.1\tlocalhost\n::1\tlocalhost\n");
    task.names().hosts().forEach(line -> text.append(line).append('\n'));
    task.networks()
        .forEach(network -> text.append(network.address()).append('\t').append(hostname + "\n"));
    return text.toString();
  }

  /** Binds them again where they are not seen by a running task any more. */
  void keep(Path folder, int pid) throws IOException {
    Path seen = Path.of("/proc/" + pid + "/root/etc/resolv.conf");
    Path own = folder.resolve("resolv.conf");
    try {
      if (Files.isSameFile(seen, own)) {
        return;
      }
    } catch (NoSuchFileException e) {
      return; // it has ended, or is of an earlier version; or the node has no such file
    }
    ToolRun run =
        ToolRun.run(
            List.of(
                ToolRun.find("nsenter"),
                "--mount=/proc/" + pid + "/ns/mnt",
                "--",
                "/bin/sh",
                shim.toString(),
                "files",
                folder.toString()),
            "");
    if (run.exit() != 0) {
      throw new IOException("its files in /etc cannot be bound: " + run.err().strip());
    }
  }
}
