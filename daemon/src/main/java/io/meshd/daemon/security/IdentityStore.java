package io.meshd.daemon.security;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.meshd.daemon.disk.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node's identity in its data folder: {@code node.pem} (key and certificate, renewed together),
 * {@code ca.crt}, on a manager {@code ca.key}, and {@code identity.json} with the rest. That last
 * one is written last and deleted first: without it, the node is in no cluster.
 */
public final class IdentityStore {
  private static final ObjectMapper MAPPER = JsonMapper.builder().build();

  private final Path folder;

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

  /** Keeps an identity; {@code ca} is for managers. */
  public void save(NodeIdentity identity, @Nullable ClusterCa ca) throws IOException {
    DurableFiles.createFolder(folder);
    if (ca != null) {
      write("ca.key", Pem.of(ca.key()));
    }
    write("ca.crt", Pem.of(identity.root()));
    saveCertificate(identity.key(), identity.certificate());
    saveAddresses(identity);
  }

  /** Keeps a renewed certificate with its key, in one file: a crash leaves the old or the new. */
  public void saveCertificate(PrivateKey key, X509Certificate certificate) throws IOException {
    write("node.pem", Pem.of(key) + Pem.of(certificate));
  }

  /** Keeps what may change while the node is a member: the managers' addresses and its own. */
  public void saveAddresses(NodeIdentity identity) throws IOException {
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
   * Null when the node is in no cluster.
   *
   * @throws IOException in words when the files cannot be read
   */
  public @Nullable NodeIdentity load() throws IOException {
    Path file = folder.resolve("identity.json");
    if (!Files.exists(file)) {
      return null;
    }
    Document document = MAPPER.readValue(Files.readAllBytes(file), Document.class);
    String own = read("node.pem");
    return new NodeIdentity(
        document.nodeId,
        document.clusterId,
        document.role.equals(NodeRole.MANAGER.word()) ? NodeRole.MANAGER : NodeRole.WORKER,
        Pem.privateKey(own),
        Pem.certificate(own),
        Pem.certificate(read("ca.crt")),
        document.managers,
        document.advertiseAddress,
        document.controlAddress,
        document.vtep,
        document.dataPathPort);
  }

  /** The CA with its key, or null on a node that has none. */
  public @Nullable ClusterCa loadCa() throws IOException {
    if (!Files.exists(folder.resolve("ca.key"))) {
      return null;
    }
    return new ClusterCa(Pem.certificate(read("ca.crt")), Pem.privateKey(read("ca.key")));
  }

  /** The node has left: nothing of its identity stays. */
  public void delete() throws IOException {
    for (String name : List.of("identity.json", "ca.key", "node.pem", "ca.crt")) {
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
