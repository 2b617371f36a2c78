package io.meshd.dataplane.sys;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.TestNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A machine without OpenSSL, in a mount namespace where its library is an empty file. */
class MissingLibcryptoTest {
  /** Prints what is missing, and that other parts work. */
  static final class Asking {
    public static void main(String[] args) throws Exception {
      System.out.println(Dataplane.missingForEncryption());
      try {
        AesGcm.sealing().close();
      } catch (IOException e) {
        System.out.println(e.getMessage());
      }
      System.out.println(Libc.strerror(2));
    }
  }

  @Test
  void isSaidInWordsAndTheRestGoesOn() throws Exception {
    String hide = "mount --bind /dev/null \"$0\" && exec \"$@\"";
    String output =
        TestNamespaces.run(
            "unshare",
            "--mount",
            "sh",
            "-c",
            hide,
            library().toString(),
            System.getProperty("java.home") + "/bin/java",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Asking.class.getName());
    String missing = "OpenSSL's libcrypto.so.3 is not installed (Debian: libssl3, libssl3t64)";
    assertEquals(List.of(missing, missing, "No such file or directory"), output.lines().toList());
  }

  private static Path library() throws Exception {
    try (Stream<Path> folders = Files.list(Path.of("/usr/lib"))) {
      return folders
          .map(folder -> folder.resolve("libcrypto.so.3"))
          .filter(Files::exists)
          .findAny()
          .orElseThrow()
          .toRealPath();
    }
  }
}
