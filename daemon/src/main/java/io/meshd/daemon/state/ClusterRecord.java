package io.meshd.daemon.state;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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
 * @param dataKeys ring of keys that encrypted networks derive theirs from, 32 bytes as base64, the
 *     one that is sent with first; known to every node
 * @param keysRotatedAt when other keys were last sent with first, RFC 3339; null: never
 * @param authority null only where an older version made the cluster
 * @param unlockKey what managers' keys at rest are encrypted with; null without autolock, and in
 *     what nodes other than managers are sent
 * @param keyRotation of both rings, while it is on its way
 * @param keysVersion the state's version when the rings or their rotation changed last. They change
 *     by themselves, which is no reason to refuse what an operator asks for at {@code version}
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
    long nodeCertExpiry,
    List<String> dataKeys,
    @Nullable String keysRotatedAt,
    @Nullable Authority authority,
    @Nullable String unlockKey,
    @Nullable KeyRotation keyRotation,
    long keysVersion) {
  /** 90 days, as Swarm. */
  public static final long DEFAULT_CERT_EXPIRY = Duration.ofDays(90).toNanos();

  /** Of keys in a ring: one to send with, those before and after it to read with. */
  public static final int MOST_KEYS = 3;

  private static final int DIGEST_BYTES = 6;

  public ClusterRecord {
    gossipKeys = List.copyOf(Objects.requireNonNullElse(gossipKeys, List.of()));
    dataKeys = List.copyOf(Objects.requireNonNullElse(dataKeys, List.of()));
    nodeCertExpiry = nodeCertExpiry == 0 ? DEFAULT_CERT_EXPIRY : nodeCertExpiry;
  }

  /** How long a new certificate of a node is valid. */
  public Duration certificateLife() {
    return Duration.ofNanos(nodeCertExpiry);
  }

  /**
   * Tells these rings, in this order, from any others; says nothing of the keys. What nodes say
   * that they hold.
   */
  public String ringsDigest() {
    return digest(String.join(",", gossipKeys) + ";" + String.join(",", dataKeys));
  }

  /** By which a key is shown. */
  public static String keyDigest(String key) {
    return digest(key);
  }

  private static String digest(String secret) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.US_ASCII));
      return HexFormat.of().formatHex(hash, 0, DIGEST_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /** What a node other than a manager is sent. */
  ClusterRecord redacted() {
    ClusterEdit edit = edit();
    edit.workerToken = "";
    edit.managerToken = "";
    edit.authority = authority == null ? null : authority.withoutKeys();
    edit.unlockKey = null;
    return edit.build();
  }

  /** Whether the rings of both are the same. */
  public boolean hasKeysOf(ClusterRecord other) {
    return gossipKeys.equals(other.gossipKeys) && dataKeys.equals(other.dataKeys);
  }

  ClusterRecord withKeys(List<String> gossip, List<String> data) {
    ClusterEdit edit = edit();
    edit.gossipKeys = gossip;
    edit.dataKeys = data;
    return edit.build();
  }

  /** A copy to be changed, with this version still. */
  ClusterEdit edit() {
    return new ClusterEdit(this);
  }
}
