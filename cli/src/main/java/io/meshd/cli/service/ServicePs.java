package io.meshd.cli.service;

import io.meshd.api.Paths;
import io.meshd.api.Services;
import io.meshd.api.Tasks;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.FilterSpec;
import io.meshd.cli.http.ApiClient;
import io.meshd.cli.task.NameResolver;
import io.meshd.cli.task.TaskTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "List the tasks of one or more services")
@Arguments(usage = "[OPTIONS] SERVICE [SERVICE...]", min = 1)
public final class ServicePs extends CliCommand {
  @Option(
      names = {"-q", "--quiet"},
      description = "Only display task IDs")
  boolean quiet;

  @Option(names = "--no-trunc", description = "Do not truncate output")
  boolean noTrunc;

  @Option(names = "--no-resolve", description = "Do not map IDs to Names")
  boolean noResolve;

  @Option(
      names = "--format",
      paramLabel = "string",
      description = "Pretty-print tasks using a Go template")
  @Nullable String format;

  @Option(
      names = {"-f", "--filter"},
      paramLabel = "filter",
      description = "Filter output based on conditions provided")
  List<FilterSpec> filters = new ArrayList<>();

  @Override
  public int run() {
    List<FilterSpec> wanted = new ArrayList<>(filters);
    StringBuilder missing = new StringBuilder();
    List<Services.Service> byId = list("id");
    List<Services.Service> byName = list("name");
    for (String reference : arguments) {
      String id = find(reference, byId, byName);
      if (id == null) {
        missing.append("no such service: ").append(reference).append('\n');
      } else {
        wanted.add(new FilterSpec("service", id));
      }
    }
    if (wanted.size() > filters.size()) {
      String path = ApiClient.filtered(Paths.TASKS, FilterSpec.json(wanted));
      List<Tasks.Task> tasks = Arrays.asList(api().get(path, Tasks.Task[].class));
      NameResolver names = new NameResolver(api(), noResolve);
      TaskTable table = new TaskTable(names, !noTrunc && !quiet);
      out().print(table.print(tasks, format, quiet));
      out().flush();
      if (!quiet && format == null) {
        ImageDifferences.of(tasks, names).forEach(session().err()::println);
      }
    }
    session().err().print(missing);
    return missing.isEmpty() ? 0 : 1;
  }

  private List<Services.Service> list(String key) {
    List<FilterSpec> any = arguments.stream().map(a -> new FilterSpec(key, a)).toList();
    String path = ApiClient.filtered(Paths.SERVICES, FilterSpec.json(any));
    return Arrays.asList(api().get(path, Services.Service[].class));
  }

  /** By full ID, then full name, then by the beginning of an ID. */
  private static @Nullable String find(
      String reference, List<Services.Service> byId, List<Services.Service> byName) {
    for (Services.Service service : byId) {
      if (service.id().equals(reference)) {
        return service.id();
      }
    }
    for (Services.Service service : byName) {
      if (service.spec().name().equals(reference)) {
        return service.id();
      }
    }
    List<Services.Service> prefixed =
        byId.stream().filter(service -> service.id().startsWith(reference)).toList();
    if (prefixed.size() > 1) {
      throw new Failure("multiple services found with provided prefix: " + reference);
    }
    return prefixed.isEmpty() ? null : prefixed.getFirst().id();
  }
}
