package io.meshd.cli.registry;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.cli.grammar.Failure;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A program that keeps logins, by the protocol of docker-credential-helpers: {@code
 * docker-credential-NAME get} reads the registry's name and prints {@code {"Username": ..,
 * "Secret": ..}}.
 */
final class CredentialHelper {
  private static final String PREFIX = "docker-credential-";

  /** What such a program prints when it has none; github.com/docker/docker-credential-helpers. */
  private static final String NOT_FOUND = "credentials not found in native keychain";

  /** The user's name when the secret is an identity token. */
  private static final String TOKEN = "<token>";

  private final String program;
  private final Map<String, String> environment;

  CredentialHelper(String name, Map<String, String> environment) {
    this.program = PREFIX + name;
    this.environment = environment;
  }

  /**
   * With what the program knows of the registry; without, where it knows nothing.
   *
   * @param login what stands in the configuration beside
   * @throws Failure in Docker's words
   */
  Login get(String registry, Login login) {
    Path executable = executable();
    if (executable == null) {
      throw failure("exec: \"" + program + "\": executable file not found in $PATH", "");
    }
    String said = "";
    try {
      Process process = started(executable, registry);
      said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      int code = process.waitFor();
      if (code == 0) {
        return read(said, registry, login);
      }
      if (said.equals(NOT_FOUND)) {
        return login;
      }
      throw failure("exit status " + code, said);
    } catch (IOException e) {
      throw failure(String.valueOf(e.getMessage()), "");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("interrupted", "");
    }
  }

  private Process started(Path executable, String registry) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(executable.toString(), "get")
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().clear();
    builder.environment().putAll(environment);
    Process process = builder.start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(registry.getBytes(StandardCharsets.UTF_8));
    } catch (IOException _) {
      // It has ended without reading, as its exit code says.
    }
    return process;
  }

  /** As the shell would find it. */
  private @Nullable Path executable() {
    for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
      Path candidate = Path.of(folder.isEmpty() ? "." : folder, program);
      if (Files.isRegularFile(candidate) && Files.isExecutable(candidate)) {
        return candidate;
      }
    }
    return null;
  }

  private Login read(String said, String registry, Login login) {
    JsonNode answer;
    try {
      answer = Json.MAPPER.readTree(said);
    } catch (IOException _) {
      // What it says may hold the secret.
      throw failure("its answer is no JSON", "");
    }
    String user = answer.path("Username").asText("");
    String secret = answer.path("Secret").asText("");
    boolean token = user.equals(TOKEN);
    return new Login(
        token ? "" : user,
        token ? "" : secret,
        login.email(),
        registry,
        token ? secret : "",
        login.registryToken());
  }

  private static Failure failure(String why, String said) {
    return new Failure("error getting credentials - err: %s, out: `%s`".formatted(why, said));
  }
}
