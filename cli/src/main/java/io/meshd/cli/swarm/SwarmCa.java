package io.meshd.cli.swarm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Nodes;
import io.meshd.api.Paths;
import io.meshd.api.Swarm;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.GoDuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Display and rotate the root CA")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class SwarmCa extends CliCommand {
  @Option(
      names = "--ca-cert",
      paramLabel = "pem-file",
      description = "Path to the PEM-formatted root CA certificate to use for the new cluster")
  @Nullable String certificate;

  @Option(
      names = "--ca-key",
      paramLabel = "pem-file",
      description = "Path to the PEM-formatted root CA key to use for the new cluster")
  @Nullable String key;

  @Option(
      names = "--cert-expiry",
      paramLabel = "duration",
      description = "Validity period for node certificates (ns|us|ms|s|m|h)")
  @Nullable GoDuration certExpiry;

  @Option(
      names = {"-d", "--detach"},
      description = "Exit immediately instead of waiting for the root rotation to converge")
  boolean detach;

  @Option(
      names = {"-q", "--quiet"},
      description = "Suppress progress output")
  boolean quiet;

  @Option(
      names = "--rotate",
      description =
          "Rotate the swarm CA - if no certificate or key are provided, new ones will be generated")
  boolean rotate;

  @Override
  public Set<String> unsupportedFlags() {
    return Set.of("external-ca");
  }

  @Override
  public int run() {
    if (!rotate) {
      requireRotate("ca-cert", certificate);
      requireRotate("ca-key", key);
      requireRotate("cert-expiry", certExpiry);
      out().print(root(api().get(Paths.SWARM, Swarm.SwarmInspect.class)));
      return 0;
    }
    JsonNode swarm = api().getTree(Paths.SWARM);
    if (!(swarm.path("Spec") instanceof ObjectNode spec)) {
      throw new Failure("the swarm has no spec");
    }
    ObjectNode ca =
        spec.path("CAConfig") instanceof ObjectNode there ? there : spec.putObject("CAConfig");
    ca.put("ForceRotate", ca.path("ForceRotate").asLong() + 1);
    ca.put("SigningCACert", read(certificate));
    ca.put("SigningCAKey", read(key));
    if (certExpiry != null) {
      ca.put("NodeCertExpiry", certExpiry.nanos());
    }
    long version = swarm.path("Version").path("Index").asLong();
    api().call("POST", Paths.SWARM + "/update?version=" + version, spec);
    if (detach) {
      return 0;
    }
    new RootRotation(api(), quiet ? null : out()).await();
    if (!quiet) {
      out().print(root(api().get(Paths.SWARM, Swarm.SwarmInspect.class)));
    }
    return 0;
  }

  private static void requireRotate(String flag, @Nullable Object value) {
    if (value != null) {
      throw new Failure(
          "`--%s` flag requires the `--rotate` flag to update the CA".formatted(flag));
    }
  }

  private static String root(Swarm.SwarmInspect swarm) {
    Nodes.TlsInfo info = swarm.tlsInfo();
    if (info == null) {
      throw new Failure("No CA information available");
    }
    return info.trustRoot().strip() + System.lineSeparator();
  }

  private static String read(@Nullable String file) {
    if (file == null) {
      return "";
    }
    try {
      return Files.readString(Path.of(file));
    } catch (NoSuchFileException e) {
      throw new Failure("open " + file + ": no such file or directory");
    } catch (IOException e) {
      throw new Failure("open " + file + ": " + e.getMessage());
    }
  }
}
