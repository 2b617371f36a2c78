package io.meshd.cli.task;

import io.meshd.api.Services;
import io.meshd.api.Tasks;
import io.meshd.cli.format.HumanText;
import io.meshd.cli.format.Listing;
import io.meshd.cli.format.Row;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Tasks with their history: the newest of a slot first, older ones under it with {@code \_}. */
public final class TaskTable {
  private static final int ERROR_WIDTH = 30;

  private static final Listing LISTING =
      new Listing(
          "{{.ID}}\t{{.Name}}\t{{.Image}}\t{{.Node}}\t{{.DesiredState}}\t{{.CurrentState}}"
              + "\t{{.Error}}\t{{.Ports}}",
          Map.of(
              "ID",
              "ID",
              "Name",
              "NAME",
              "Image",
              "IMAGE",
              "Node",
              "NODE",
              "DesiredState",
              "DESIRED STATE",
              "CurrentState",
              "CURRENT STATE",
              "Error",
              "ERROR",
              "Ports",
              "PORTS"));

  private final NameResolver names;
  private final boolean truncate;

  public TaskTable(NameResolver names, boolean truncate) {
    this.names = names;
    this.truncate = truncate;
  }

  private record Named(String name, Tasks.Task task) {}

  public String print(List<Tasks.Task> tasks, @Nullable String format, boolean quiet) {
    boolean table = format == null || format.isEmpty() || format.startsWith("table");
    List<Named> sorted = new ArrayList<>();
    for (Tasks.Task task : tasks) {
      Long slot = task.slot();
      String node = task.nodeId() == null ? "" : task.nodeId();
      String place = slot == null || slot == 0 ? node : String.valueOf(slot);
      sorted.add(new Named(names.service(task.serviceId()) + "." + place, task));
    }
    sorted.sort(
        Comparator.comparing(Named::name, HumanText::natural)
            .thenComparing(
                named -> HumanText.instant(named.task.createdAt()), Comparator.reverseOrder()));
    List<Row> rows = new ArrayList<>();
    String previous = "";
    for (Named named : sorted) {
      boolean history = table && named.name.equals(previous);
      rows.add(row(named.task, (history ? " \\_ " : "") + named.name));
      previous = named.name;
    }
    return LISTING.print(format, quiet, rows);
  }

  private Row row(Tasks.Task task, String name) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("ID", truncate ? HumanText.shortId(task.id()) : task.id());
    fields.put("Name", name);
    fields.put("Image", image(task.spec(), truncate));
    fields.put("Node", task.nodeId() == null ? "" : names.node(task.nodeId()));
    fields.put("DesiredState", HumanText.capital(task.desiredState()));
    String since = HumanText.ago(task.status().timestamp());
    fields.put(
        "CurrentState",
        HumanText.capital(task.status().state()) + " " + since.toLowerCase(java.util.Locale.ROOT));
    fields.put("Error", error(task.status().err()));
    fields.put("Ports", ports(task.status().portStatus()));
    return new Row("*task.taskContext", fields);
  }

  /** The image without its digest, or {@code process}. */
  public static String image(Services.TaskSpec spec, boolean withoutDigest) {
    String image = spec.containerSpec() == null ? null : spec.containerSpec().image();
    if (image == null || image.isEmpty()) {
      return "process".equals(spec.runtime()) ? "process" : "";
    }
    int digest = image.indexOf('@');
    boolean tagged = digest > 0 && image.lastIndexOf(':', digest) > image.lastIndexOf('/', digest);
    return withoutDigest && tagged ? image.substring(0, digest) : image;
  }

  private String error(@Nullable String error) {
    if (error == null || error.isEmpty()) {
      return "";
    }
    return "\"" + (truncate ? HumanText.ellipsis(error, ERROR_WIDTH) : error) + "\"";
  }

  private static String ports(Tasks.@Nullable PortStatus status) {
    List<Services.PortConfig> ports = status == null ? null : status.ports();
    if (ports == null) {
      return "";
    }
    return ports.stream()
        .map(
            port ->
                "%s:%d->%d/%s"
                    .formatted(
                        port.hostIp() == null ? "*" : port.hostIp(),
                        port.publishedPort() == null ? 0 : port.publishedPort(),
                        port.targetPort(),
                        port.protocol()))
        .collect(Collectors.joining(","));
  }
}
