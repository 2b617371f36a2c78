package io.meshd.daemon.state;

import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * The cluster itself.
 *
 * @param addressPools what subnets are cut from, 10.0.0.0/8
 * @param subnetSize prefix length of a subnet taken from a pool, 24
 * @param dataPathPort UDP port of VXLAN, 1024-49151, 4789 by default
 * @param workerToken current join token; empty in what nodes other than managers are sent
 * @param taskHistoryLimit tasks kept per slot, the running one included; negative for all
 * @param gossipKeys ring of AES keys, base64, the one that is sent with first; known to every node.
 *     Empty in what older versions wrote, until the leader has seen it
 * @param nodeCertExpiry nanoseconds that a node's certificate is valid; never 0, which older
 *     versions wrote
 */
public record ClusterRecord(
    String id,
    long version,
    String createdAt,
    String updatedAt,
    List<String> addressPools,
    int subnetSize,
    int dataPathPort,
    String workerToken,
    String managerToken,
    int taskHistoryLimit,
    List<String> gossipKeys,
    long nodeCertExpiry) {
  /** 90 days, as Swarm. */
  public static final long DEFAULT_CERT_EXPIRY = Duration.ofDays(90).toNanos();

  /** Of keys in the ring: one to send with, those before and after it to read with. */
  public static final int MOST_GOSSIP_KEYS = 3;

  public ClusterRecord {
    gossipKeys = List.copyOf(Objects.requireNonNullElse(gossipKeys, List.of()));
    nodeCertExpiry = nodeCertExpiry == 0 ? DEFAULT_CERT_EXPIRY : nodeCertExpiry;
  }

  /** How long a new certificate of a node is valid. */
  public Duration certificateLife() {
    return Duration.ofNanos(nodeCertExpiry);
  }

  ClusterRecord withCertificateLife(long nanos) {
    return new ClusterRecord(
        id,
        version,
        createdAt,
        updatedAt,
        addressPools,
        subnetSize,
        dataPathPort,
        workerToken,
        managerToken,
        taskHistoryLimit,
        gossipKeys,
        nanos);
  }

  ClusterRecord withoutTokens() {
    return with(version, updatedAt, "", "", taskHistoryLimit, gossipKeys);
  }

  ClusterRecord with(
      long newVersion,
      String at,
      String newWorkerToken,
      String newManagerToken,
      int newTaskHistoryLimit,
      List<String> newGossipKeys) {
    return new ClusterRecord(
        id,
        newVersion,
        createdAt,
        at,
        addressPools,
        subnetSize,
        dataPathPort,
        newWorkerToken,
        newManagerToken,
        newTaskHistoryLimit,
        newGossipKeys,
        nodeCertExpiry);
  }
}
