package io.meshd.cli.swarm;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Paths;
import io.meshd.api.Swarm;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;
import java.io.PrintStream;

/** How a manager is unlocked, with the key; as Docker tells it. */
final class UnlockInstructions {
  private final ApiClient api;
  private final PrintStream out;

  UnlockInstructions(ApiClient api, PrintStream out) {
    this.api = api;
    this.out = out;
  }

  static boolean isLocked(JsonNode spec) {
    return spec.path("EncryptionConfig").path("AutoLockManagers").asBoolean();
  }

  /** Empty where there is none. */
  String key() {
    try {
      return api.get(Paths.SWARM + "/unlockkey", Swarm.UnlockKey.class).key();
    } catch (Failure e) {
      throw new Failure("could not fetch unlock key: " + e.text());
    }
  }

  void print() {
    print(key());
  }

  void print(String key) {
    if (key.isEmpty()) {
      return;
    }
    out.printf(
        "To unlock a swarm manager after it restarts, run the `meshctl swarm unlock`%n"
            + "command and provide the following key:%n%n    %s%n%n"
            + "Remember to store this key in a password manager, since without it you%n"
            + "will not be able to restart the manager.%n",
        key);
  }
}
