package io.meshd.daemon.ingress;

import io.meshd.daemon.ingress.IngressPort.ClientAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a new connection to a published port of this node would meet; none is made, and nothing is
 * counted.
 *
 * @param port 8080/tcp, or 10.0.0.1:8080/tcp
 * @param service whose port it is
 * @param problem why the port is not answered here, in words; null for nothing
 * @param clientAddress what the port asks for
 * @param fallback label of the {@link Fallback} by which the node's address is seen after all; null
 *     for none
 * @param preservedFrom the port from which the node would ask in the client's name; 0: it would not
 * @param byClient whether the client's address decides
 * @param chosen ID of the task; null for none
 */
public record PortTrial(
    String port,
    String service,
    @Nullable String problem,
    ClientAddress clientAddress,
    @Nullable String fallback,
    int preservedFrom,
    boolean byClient,
    @Nullable String chosen,
    List<Backend> backends) {

  /**
   * A backend as the choice saw it.
   *
   * @param avoided it failed lately
   */
  public record Backend(
      String taskId,
      String address,
      int port,
      int weight,
      int open,
      boolean local,
      boolean avoided) {}

  /**
   * @param client IPv4, first byte highest
   * @param hash of the client as the port's protocol takes it
   * @param asked the node's address that is asked, or 0
   */
  static PortTrial of(
      IngressPort port,
      @Nullable BindError error,
      BackendPool pool,
      Preservation preservation,
      int client,
      long hash,
      int asked) {
    long now = System.nanoTime();
    List<Backend> backends = new ArrayList<>();
    for (BackendLoad load : pool.loads()) {
      IngressPort.Backend one = load.backend();
      backends.add(
          new Backend(
              one.taskId(),
              one.address(),
              one.port(),
              one.weight(),
              load.open(),
              one.local(),
              port.balancing().ejectOutliers() && load.avoided(now)));
    }
    BackendLoad chosen = error == null ? pool.tryChoice(hash, now) : null;
    boolean wanted = port.clientAddress() == ClientAddress.PRESERVE;
    Fallback fallback = wanted ? preservation.obstacle(client, asked) : null;
    return new PortTrial(
        BindError.name(port),
        port.serviceName(),
        error == null ? null : error.message(),
        port.clientAddress(),
        fallback == null ? null : fallback.label(),
        wanted && fallback == null ? preservation.firstPort() : 0,
        port.balancing().byClientAddress(),
        chosen == null ? null : chosen.backend().taskId(),
        backends);
  }
}
