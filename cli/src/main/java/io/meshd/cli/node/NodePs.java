package io.meshd.cli.node;

import io.meshd.api.Paths;
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

@Command(description = "List tasks running on one or more nodes, defaults to current node")
@Arguments(usage = "[OPTIONS] [NODE...]")
public final class NodePs extends CliCommand {
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
    List<Tasks.Task> tasks = new ArrayList<>();
    StringBuilder errors = new StringBuilder();
    for (String name : arguments.isEmpty() ? List.of("self") : arguments) {
      try {
        String id = api().getTree(NodeReference.path(api(), name)).path("ID").asText();
        List<FilterSpec> all = new ArrayList<>(filters);
        all.add(new FilterSpec("node", id));
        String path = ApiClient.filtered(Paths.TASKS, FilterSpec.json(all));
        tasks.addAll(Arrays.asList(api().get(path, Tasks.Task[].class)));
      } catch (Failure e) {
        errors.append(e.text()).append('\n');
      }
    }
    if (errors.isEmpty() || !tasks.isEmpty()) {
      TaskTable table = new TaskTable(new NameResolver(api(), noResolve), !noTrunc && !quiet);
      out().print(table.print(tasks, format, quiet));
      out().flush();
    }
    session().err().print(errors);
    return errors.isEmpty() ? 0 : 1;
  }
}
