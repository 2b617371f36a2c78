package io.meshd.cli.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.cli.grammar.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes with an image, by a configuration as docker login writes it and by real programs. */
final class RegistryLoginsTest {
  @TempDir Path folder;

  private final List<String> warnings = new ArrayList<>();

  private void config(String json) throws IOException {
    Files.writeString(folder.resolve("config.json"), json);
  }

  private void program(String name, String script) throws IOException {
    Path file = folder.resolve("docker-credential-" + name);
    Files.writeString(file, "#!/bin/sh\n" + script);
    assertTrue(file.toFile().setExecutable(true));
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("DOCKER_CONFIG", folder.toString());
    environment.put("PATH", folder + ":/usr/bin:/bin");
    environment.put("KEPT", "as it is");
    return environment;
  }

  private String sent(String image) {
    String header = RegistryLogins.read(environment(), warnings::add).header(image);
    return new String(Base64.getUrlDecoder().decode(header), StandardCharsets.UTF_8);
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aLoginIsThatOfTheImagesRegistry() throws IOException {
    config(
        """
        {"auths": {"reg.test:5000": {"auth": "%s"},
                   "https://index.docker.io/v1/": {"auth": "%s"},
                   "https://old.test/v1/": {"auth": "%s"},
                   "token.test": {"identitytoken": "t"}}}
        """
            .formatted(base64("ann:p:w"), base64("hub:pw\0"), base64("old:pw")));
    assertEquals(
        "{\"username\":\"ann\",\"password\":\"p:w\",\"serveraddress\":\"reg.test:5000\"}",
        sent("reg.test:5000/team/web:1@sha256:00"));
    for (String image :
        List.of("nginx", "team/nginx:1", "docker.io/nginx", "index.docker.io/a/b")) {
      assertEquals(
          "{\"username\":\"hub\",\"password\":\"pw\",\"serveraddress\":"
              + "\"https://index.docker.io/v1/\"}",
          sent(image));
    }
    assertEquals(
        "{\"username\":\"old\",\"password\":\"pw\",\"serveraddress\":\"https://old.test/v1/\"}",
        sent("old.test/web"));
    assertEquals(
        "{\"serveraddress\":\"token.test\",\"identitytoken\":\"t\"}", sent("token.test/web"));
    assertEquals("{}", sent("localhost/web"));
    assertEquals(List.of(), warnings);
  }

  @Test
  void withoutAFileThereAreNoLogins() throws IOException {
    assertEquals("{}", sent("reg.test/web"));
    config("{\"auths\": ");
    assertEquals("{}", sent("reg.test/web"));
    assertTrue(
        warnings
            .getFirst()
            .startsWith(
                "WARNING: Error loading config file: parsing config file (%s/config.json): "
                    .formatted(folder)),
        warnings.toString());
  }

  @Test
  void aProgramIsAskedWhereTheFileNamesOne() throws IOException {
    program(
        "all",
        "read r; echo \"{\\\"ServerURL\\\":\\\"$r\\\",\\\"Username\\\":\\\"$1 $KEPT\\\","
            + "\\\"Secret\\\":\\\"s\\\"}\"");
    program("one", "echo '{\"Username\":\"<token>\",\"Secret\":\"t\"}'");
    program("none", "echo 'credentials not found in native keychain'; exit 1");
    config(
        """
        {"credsStore": "all", "credHelpers": {"one.test": "one", "none.test": "none"},
         "auths": {"one.test": {"email": "a@one.test"}}}
        """);
    assertEquals(
        "{\"username\":\"get as it is\",\"password\":\"s\",\"serveraddress\":"
            + "\"https://index.docker.io/v1/\"}",
        sent("nginx"));
    assertEquals(
        "{\"email\":\"a@one.test\",\"serveraddress\":\"one.test\",\"identitytoken\":\"t\"}",
        sent("one.test/web"));
    assertEquals("{}", sent("none.test/web"));
  }

  @Test
  void whatAProgramCannotGiveEndsTheCommand() throws IOException {
    program("broken", "echo locked; exit 3");
    program("odd", "echo secret");
    config(
        """
        {"credHelpers": {"a.test": "broken", "b.test": "nothere", "c.test": "odd"},
         "auths": {"d.test": {"auth": "bm9jb2xvbg=="}}}
        """);
    assertEquals(
        "error getting credentials - err: exit status 3, out: `locked`", failure("a.test/web"));
    assertEquals(
        "error getting credentials - err: exec: \"docker-credential-nothere\": executable file not"
            + " found in $PATH, out: ``",
        failure("b.test/web"));
    assertEquals(
        "error getting credentials - err: its answer is no JSON, out: ``", failure("c.test/web"));
    assertEquals("invalid auth configuration file", failure("d.test/web"));
  }

  private String failure(String image) {
    return assertThrows(Failure.class, () -> sent(image)).text();
  }
}
