package io.meshd.cli.container;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.api.http.UnixHttp;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.command.Terminals;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.EnvSpec;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;
import io.meshd.cli.http.FrameReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Execute a command in a running task")
@Arguments(usage = "[OPTIONS] CONTAINER COMMAND [ARG...]", min = 2, interspersed = false)
public final class ContainerExec extends CliCommand {
  @Option(
      names = {"-i", "--interactive"},
      description = "Keep STDIN open even if not attached")
  boolean interactive;

  @Option(
      names = {"-t", "--tty"},
      description = "Allocate a pseudo-TTY")
  boolean tty;

  @Option(
      names = {"-d", "--detach"},
      description = "Detached mode: run command in the background")
  boolean detach;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "list",
      description = "Set environment variables")
  List<EnvSpec> env = new ArrayList<>();

  @Option(
      names = {"-w", "--workdir"},
      paramLabel = "string",
      description = "Working directory inside the container")
  @Nullable String workdir;

  @Option(
      names = {"-u", "--user"},
      paramLabel = "string",
      description = "Username or UID (format: \"<name|uid>[:<group|gid>]\")")
  @Nullable String user;

  @Override
  public Set<String> unsupportedFlags() {
    return Set.of("detach-keys", "env-file", "privileged");
  }

  @Override
  public int run() {
    if (tty && interactive && !detach && !Terminals.is(0)) {
      throw new Failure("the input device is not a TTY");
    }
    List<Integer> size = tty && !detach ? TerminalMode.size() : null;
    Mesh.IdResponse created =
        api()
            .post(
                Paths.CONTAINERS + "/" + ApiClient.encode(argument(0)) + "/exec",
                new Mesh.ExecCreateRequest(
                    interactive && !detach,
                    !detach,
                    !detach,
                    tty,
                    List.copyOf(arguments.subList(1, arguments.size())),
                    env.stream().map(EnvSpec::text).toList(),
                    workdir,
                    user,
                    false,
                    null,
                    size,
                    null),
                Mesh.IdResponse.class);
    String path = Paths.EXEC + "/" + ApiClient.encode(created.id());
    Mesh.ExecStartRequest start = new Mesh.ExecStartRequest(detach, tty, size);
    if (detach) {
      api().call("POST", path + "/start", start);
      return 0;
    }
    try (UnixHttp.Answer answer = api().open("POST", path + "/start", start, true)) {
      TerminalMode mode = tty && interactive ? TerminalMode.raw() : null;
      try {
        if (interactive) {
          sendInput(answer);
        }
        copyOutput(answer);
      } finally {
        if (mode != null) {
          mode.close();
        }
      }
    } catch (IOException e) {
      throw new Failure("error in the connection to the task: " + e.getMessage());
    }
    Integer code = api().get(path + "/json", Mesh.ExecInspect.class).exitCode();
    return code == null ? 0 : code;
  }

  /** A daemon thread: what the user types must not keep meshctl alive when the command ended. */
  private void sendInput(UnixHttp.Answer answer) {
    InputStream in = session().in();
    Thread thread =
        new Thread(
            () -> {
              byte[] buffer = new byte[8192];
              try {
                for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                  answer.wire().write(ByteBuffer.wrap(buffer, 0, count));
                }
                answer.wire().endOutput();
              } catch (IOException e) {
                // The command ended first; its output says why.
              }
            },
            "stdin");
    thread.setDaemon(true);
    thread.start();
  }

  private void copyOutput(UnixHttp.Answer answer) throws IOException {
    if (tty) {
      byte[] buffer = new byte[8192];
      InputStream in = answer.body();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        out().write(buffer, 0, count);
        out().flush();
      }
      return;
    }
    FrameReader frames = new FrameReader(answer.body());
    for (FrameReader.Frame frame = frames.next(); frame != null; frame = frames.next()) {
      PrintStream target = frame.stream() == 1 ? out() : session().err();
      target.write(frame.payload(), 0, frame.payload().length);
      target.flush();
    }
  }
}
