package io.meshd.daemon.ingress;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A published port as this node is to answer it.
 *
 * @param publishedPort port in the host namespace, 1-65535
 * @param hostIp the only address to bind, dotted IPv4; null for [::] and so for IPv4 too
 * @param serviceName for counters and logs
 * @param preserving with {@link ClientAddress#PRESERVE} what this node may do
 * @param backends ready tasks anywhere; empty: bound, and the kernel refuses
 */
public record IngressPort(
    Protocol protocol,
    int publishedPort,
    @Nullable String hostIp,
    String serviceName,
    ClientAddress clientAddress,
    Preserving preserving,
    Balancing balancing,
    List<Backend> backends) {

  /** A TCP port with all defaults. */
  public IngressPort(int publishedPort, String serviceName, List<Backend> backends) {
    this(
        Protocol.TCP,
        publishedPort,
        null,
        serviceName,
        ClientAddress.SNAT,
        Preserving.NONE,
        Balancing.DEFAULT,
        backends);
  }

  public enum Protocol {
    TCP,
    UDP;

    /** As in "8080/tcp". */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What no two published ports of a node have in common. */
  public record Key(Protocol protocol, @Nullable String hostIp, int publishedPort) {}

  public Key key() {
    return new Key(protocol, hostIp, publishedPort);
  }

  /** What a task sees as its client. */
  public enum ClientAddress {
    /** The node whose port was asked. */
    SNAT,
    /** The same, and the client in a PROXY protocol header, version 2, before the first byte. */
    PROXY_V2,
    /** The client. Where that cannot be the node, and the reason is counted. */
    PRESERVE
  }

  /**
   * How new connections are spread.
   *
   * @param byClientAddress Maglev over the client's IP, else the fewer open connections of two
   * @param preferLocal backends of this node first, others only when there is none of them
   * @param slowStartNanos over which a new backend grows to its full share; 0: at once
   * @param ejectOutliers backends that refuse connections are left out for a while, with back-off
   */
  public record Balancing(
      boolean byClientAddress, boolean preferLocal, long slowStartNanos, boolean ejectOutliers) {
    public static final Balancing DEFAULT = new Balancing(false, false, 0, true);
  }

  /**
   * A ready task, or an endpoint that serves the same.
   *
   * @param taskId its ID: identity across changes of the list
   * @param address dotted IPv4 on the overlay, reachable from the node namespace
   * @param weight share of new connections relative to the others', 100 by default; 0: none
   * @param local it runs on this node
   * @param readySinceMillis since the epoch, for slow start
   */
  public record Backend(
      String taskId, String address, int port, int weight, boolean local, long readySinceMillis) {
    /** One with all defaults. */
    public Backend(String taskId, String address, int port) {
      this(taskId, address, port, 100, false, 0);
    }
  }
}
