package io.meshd.daemon.security;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.disk.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A node's identity in its data folder: {@code node.pem} (its keys and certificate, {@link
 * NodeKeyFile}), {@code ca.crt} (the root; while it is being replaced also the new one and that
 * signed by the old), and {@code identity.json} with the rest. That last one is written last and
 * deleted first: without it, the node is in no cluster.
 */
public final class IdentityStore {
  private static final ObjectMapper MAPPER = JsonMapper.builder().build();

  private final Path folder;

  /** Of the identity that was begun or loaded; null while they are locked. */
  private @Nullable DataKeys data = DataKeys.drawn();

  /** A demoted manager may still hear of an unlock key: it is not for a worker. */
  private boolean lockable = true;

  private @Nullable UnlockKey lock;
  private @Nullable PrivateKey key;
  private @Nullable X509Certificate certificate;

  public IdentityStore(Path folder) {
    this.folder = folder;
  }

  /** What is in {@code identity.json}. */
  private record Document(
      String nodeId,
      String clusterId,
      String role,
      List<String> managers,
      String advertiseAddress,
      String controlAddress,
      String vtep,
      int dataPathPort) {}

  /** Before a node becomes a member: what was another identity's is not the next one's. */
  public synchronized void begin() {
    data = DataKeys.drawn();
    lockable = true;
    lock = null;
    key = null;
    certificate = null;
  }

  /**
   * Keys that seal what this node keeps on its disk.
   *
   * @throws IllegalStateException while they are locked
   */
  public synchronized DataKeys dataKeys() {
    if (data == null) {
      throw new IllegalStateException("the keys of this node are locked");
    }
    return data;
  }

  /** Keeps an identity. Only managers' keys are locked: a worker's are in clear from now on. */
  public synchronized void save(NodeIdentity identity) throws IOException {
    if (identity.key() == null) {
      throw new IllegalStateException("the keys of this node are locked");
    }
    lockable = identity.manager();
    if (!lockable) {
      lock = null;
    }
    DurableFiles.createFolder(folder);
    saveRoots(roots(identity));
    saveCertificate(identity.key(), identity.certificate());
    saveDocument(identity);
  }

  /** Keeps a renewed certificate with its key, in one file: a crash leaves the old or the new. */
  public synchronized void saveCertificate(PrivateKey own, X509Certificate issued)
      throws IOException {
    write("node.pem", NodeKeyFile.text(own, dataKeys(), issued, lock));
    key = own;
    certificate = issued;
  }

  /**
   * Keeps the keys so that they open with an unlock key alone, or, with null, in clear. What was
   * sealed while the data keys were in clear stays as it was; from now on a new one seals.
   *
   * @return whether that is a change
   */
  public synchronized boolean lock(@Nullable UnlockKey by) throws IOException {
    if (!lockable || Objects.equals(lock, by)) {
      return false;
    }
    DataKeys now = dataKeys();
    DataKeys next = lock == null ? now.withNew() : now;
    if (key != null && certificate != null) {
      write("node.pem", NodeKeyFile.text(key, next, certificate, by));
    }
    now.become(next);
    lock = by;
    return true;
  }

  /**
   * Opens the keys of a locked node.
   *
   * @return its identity, whole; null where that is not the key
   */
  public synchronized @Nullable NodeIdentity unlock(UnlockKey by) throws IOException {
    NodeKeyFile.Keys keys = NodeKeyFile.unlocked(read("node.pem"), by);
    if (keys == null) {
      return null;
    }
    lock = by;
    key = keys.own();
    data = keys.data();
    certificate = Pem.certificate(read("node.pem"));
    return kept(keys.own());
  }

  /** Keeps whom to trust. */
  public synchronized void saveRoots(TrustedRoots roots) throws IOException {
    write("ca.crt", roots.toPem());
  }

  /** Whom to trust: as it was kept last, where that goes with the certificate. */
  public TrustedRoots roots(NodeIdentity identity) throws IOException {
    if (Files.exists(folder.resolve("ca.crt"))) {
      TrustedRoots kept = TrustedRoots.ofPem(read("ca.crt"));
      if (kept.haveIssued(identity.certificate())) {
        return kept;
      }
    }
    return TrustedRoots.of(identity.root());
  }

  /** Keeps where the managers are, beside all else that is kept; nothing in no cluster. */
  public synchronized void saveManagers(List<String> managers) throws IOException {
    if (Files.exists(folder.resolve("identity.json"))) {
      saveDocument(kept(null).withManagers(managers));
    }
  }

  private void saveDocument(NodeIdentity identity) throws IOException {
    Document document =
        new Document(
            identity.nodeId(),
            identity.clusterId(),
            identity.role().word(),
            identity.managers(),
            identity.advertiseAddress(),
            identity.controlAddress(),
            identity.vtep(),
            identity.dataPathPort());
    DurableFiles.write(folder.resolve("identity.json"), MAPPER.writeValueAsBytes(document));
  }

  /**
   * Null when the node is in no cluster. {@link NodeIdentity#locked} where the keys wait for the
   * unlock key.
   *
   * @throws IOException in words when the files cannot be read
   */
  public synchronized @Nullable NodeIdentity load() throws IOException {
    if (!Files.exists(folder.resolve("identity.json"))) {
      return null;
    }
    String own = read("node.pem");
    certificate = Pem.certificate(own);
    if (NodeKeyFile.isLocked(own)) {
      data = null;
      return kept(null);
    }
    NodeKeyFile.Keys keys = NodeKeyFile.inClear(own);
    DataKeys kept = keys.data();
    if (kept == null) {
      data = DataKeys.drawn();
      saveCertificate(keys.own(), Pem.certificate(own));
    } else {
      data = kept;
    }
    key = keys.own();
    return kept(keys.own());
  }

  private NodeIdentity kept(@Nullable PrivateKey ownKey) throws IOException {
    Document document =
        MAPPER.readValue(Files.readAllBytes(folder.resolve("identity.json")), Document.class);
    lockable = document.role.equals(NodeRole.MANAGER.word());
    return new NodeIdentity(
        document.nodeId,
        document.clusterId,
        lockable ? NodeRole.MANAGER : NodeRole.WORKER,
        ownKey,
        Pem.certificate(read("node.pem")),
        Pem.certificate(read("ca.crt")),
        document.managers,
        document.advertiseAddress,
        document.controlAddress,
        document.vtep,
        document.dataPathPort);
  }

  /** The node has left: nothing of its identity stays. */
  public synchronized void delete() throws IOException {
    begin();
    for (String name : List.of("identity.json", "node.pem", "ca.crt")) {
      DurableFiles.delete(folder.resolve(name));
    }
  }

  private void write(String name, String text) throws IOException {
    DurableFiles.write(folder.resolve(name), text.getBytes(StandardCharsets.US_ASCII));
  }

  private String read(String name) throws IOException {
    return Files.readString(folder.resolve(name), StandardCharsets.US_ASCII);
  }
}
