package io.meshd.testcluster;

import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.testcontainers.dockerclient.DockerClientProviderStrategy;
import org.testcontainers.dockerclient.TransportConfig;

/**
 * Shows Testcontainers the Docker Engine of a {@link Cluster}'s node: one in a network namespace of
 * the test's own, not the machine's. Found by the name in {@code META-INF/services}.
 */
public final class NamespaceEngine extends DockerClientProviderStrategy {
  private static volatile @Nullable Path socket;

  /** Which Engine is used by all that comes after. */
  static void use(Path unixSocket) {
    socket = unixSocket;
  }

  @Override
  public TransportConfig getTransportConfig() {
    return TransportConfig.builder().dockerHost(URI.create("unix://" + socket)).build();
  }

  @Override
  protected boolean isApplicable() {
    return socket != null;
  }

  @Override
  protected boolean isPersistable() {
    return false;
  }

  /** Nothing is reached from outside: what is asked is asked from within a container. */
  @Override
  public String getDockerHostIpAddress() {
    return "127.0.0.1";
  }

  @Override
  public String getDescription() {
    return "the Engine of a node of test-cluster";
  }
}
