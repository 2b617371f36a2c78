package io.meshd.daemon.command;

import java.math.BigInteger;
import java.security.SecureRandom;

/** IDs of nodes, networks, services, tasks and endpoints: 25 characters, base 36, as Swarm's. */
@FunctionalInterface
public interface Ids {

  /** A new ID. */
  String next();

  /**
   * Unpredictable IDs, about 129 bits of chance each (swarmkit identity/randomid.go). Thread-safe.
   */
  static Ids random() {
    SecureRandom random = new SecureRandom();
    return () -> {
      byte[] bytes = new byte[17];
      random.nextBytes(bytes);
      // With the top bit set the number always has 27 digits, so no padding is ever needed; the
      // first digit would only be 1 or 2 and is left out.
      bytes[0] |= (byte) 0x80;
      return new BigInteger(1, bytes).toString(36).substring(1, 26);
    };
  }
}
