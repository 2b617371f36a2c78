package io.meshd.cli.swarm;

import io.meshd.api.Nodes;
import io.meshd.api.Paths;
import io.meshd.api.Swarm;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Waits until every node has a certificate of the new root and trusts that root alone; says how far
 * it is whenever that changes. A Ctrl-C ends the waiting and not the rotation.
 */
final class RootRotation {
  private static final Duration POLL = Duration.ofMillis(200);

  private final ApiClient api;
  private final @Nullable PrintStream out;
  private String said = "";

  /** {@code out}: null to wait without a word. */
  RootRotation(ApiClient api, @Nullable PrintStream out) {
    this.api = api;
    this.out = out;
  }

  void await() {
    try {
      while (!look()) {
        Thread.sleep(POLL);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted");
    }
  }

  private boolean look() {
    Swarm.SwarmInspect swarm = api.get(Paths.SWARM, Swarm.SwarmInspect.class);
    Nodes.TlsInfo wanted = swarm.tlsInfo();
    if (wanted == null) {
      return true;
    }
    List<Nodes.@Nullable TlsInfo> nodes =
        Arrays.stream(api.get(Paths.NODES, Nodes.Node[].class))
            .map(node -> node.description().tlsInfo())
            .toList();
    long certificates =
        nodes.stream()
            .filter(
                info ->
                    info != null && info.certIssuerPublicKey().equals(wanted.certIssuerPublicKey()))
            .count();
    long roots =
        nodes.stream()
            .filter(info -> info != null && info.trustRoot().equals(wanted.trustRoot()))
            .count();
    say(
        "desired root digest: sha256:%s%n  rotated TLS certificates:  %d/%d nodes%n  rotated CA certificates:   %d/%d nodes%n"
            .formatted(
                digest(wanted.trustRoot()), certificates, nodes.size(), roots, nodes.size()));
    return !swarm.rootRotationInProgress() && certificates == nodes.size() && roots == nodes.size();
  }

  private void say(String now) {
    if (out != null && !now.equals(said)) {
      out.print(now);
      out.flush();
      said = now;
    }
  }

  private static String digest(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JVM has no SHA-256", e);
    }
  }
}
