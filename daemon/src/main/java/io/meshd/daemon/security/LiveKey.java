package io.meshd.daemon.security;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Gives TLS the newest key at each handshake. A handshake asks first for an alias and then, by it,
 * for key and chain: the alias is the certificate's serial number, and the one before stays to be
 * found, so that the two always belong together.
 */
final class LiveKey extends X509ExtendedKeyManager {
  private final Supplier<Entry> current;
  private final Supplier<Entry> previous;

  private final Supplier<TrustedRoots> roots;

  /** A key with its certificate; a locked node has no key. */
  record Entry(@Nullable PrivateKey key, X509Certificate certificate) {
    String alias() {
      return certificate.getSerialNumber().toString(36);
    }
  }

  /** {@code roots}: what is shown above the certificate. */
  LiveKey(Supplier<Entry> current, Supplier<Entry> previous, Supplier<TrustedRoots> roots) {
    this.current = current;
    this.previous = previous;
    this.roots = roots;
  }

  private @Nullable Entry find(@Nullable String alias) {
    Entry newest = current.get();
    if (newest.alias().equals(alias)) {
      return newest;
    }
    Entry before = previous.get();
    return before.alias().equals(alias) ? before : null;
  }

  private @Nullable String choose(String... keyTypes) {
    for (String type : keyTypes) {
      if (type.startsWith("EC") && current.get().key() != null) {
        return current.get().alias();
      }
    }
    return null;
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return choose(keyTypes);
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return choose(keyType);
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return choose(keyTypes);
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return choose(keyType);
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    String alias = choose(keyType);
    return alias == null ? null : new String[] {alias};
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return getClientAliases(keyType, issuers);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(@Nullable String alias) {
    Entry entry = find(alias);
    return entry == null ? null : roots.get().chain(entry.certificate());
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(@Nullable String alias) {
    Entry entry = find(alias);
    return entry == null ? null : entry.key();
  }
}
