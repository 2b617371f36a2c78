package io.meshd.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.cli.CommandModel;
import io.meshd.daemon.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/** The manuals, the completion and the file of the configuration, as they are installed. */
class DocumentsTest {
  private static final Path CONFIGURATION = Path.of("meshd.yaml");

  @TempDir Path share;

  @BeforeEach
  void write() throws IOException {
    new Documents(share, LocalDate.EPOCH).write(Files.readString(CONFIGURATION));
  }

  @Test
  void theFileExplainsEveryKeyAndIsGoodWithAllOfThemSet() throws Exception {
    String text = Files.readString(CONFIGURATION);
    assertEquals(new ConfigReader().read("--config=/dev/null"), read(text));
    Set<String> flags = new TreeSet<>();
    new ConfigReader().spec().options().forEach(option -> flags.add(option.longestName()));
    flags.removeAll(Set.of("--config", "--help", "--version"));
    String set = text.replaceAll("(?m)^#(?=[a-z])", "");
    assertEquals(
        flags,
        set.lines()
            .filter(line -> line.matches("[a-z].*"))
            .map(line -> "--" + line.split(":", 2)[0])
            .collect(Collectors.toCollection(TreeSet::new)));
    read(set);
  }

  private Object read(String text) throws Exception {
    Path file = Files.writeString(share.resolve("meshd.yaml"), text);
    return new ConfigReader().read("--config=" + file);
  }

  @Test
  void everyCommandHasAPageWithItsOptions() throws IOException {
    check(CommandModel.root(), "");
    String page = Files.readString(share.resolve("man/man1/meshctl-service-create.1"));
    assertTrue(page.contains("\\-p, \\-\\-publish\\fR"), page);
    assertTrue(Files.readString(share.resolve("man/man8/meshd.8")).contains("\\-\\-data\\-dir"));
  }

  private void check(CommandSpec spec, String above) {
    String name = above + spec.name();
    assertTrue(Files.exists(share.resolve("man/man1/" + name + ".1")), name);
    for (CommandLine below : spec.subcommands().values()) {
      check(below.getCommandSpec(), name + "-");
    }
  }

  @Test
  void bashCompletesCommandsAndOptions() throws Exception {
    assertEquals(Set.of("service"), bash("meshctl", "ser"));
    assertTrue(bash("meshctl", "node", "").containsAll(Set.of("ls", "promote", "rm")));
    assertEquals(Set.of("--driver"), bash("meshctl", "network", "create", "--dr"));
  }

  private Set<String> bash(String... words) throws Exception {
    String script =
        """
        . "$0/bash-completion/completions/meshctl"
        compopt() { :; }
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"
        _complete_meshctl
        printf '%s\\n' "${COMPREPLY[@]}"
        """;
    List<String> line = new ArrayList<>(List.of("bash", "-c", script, share.toString()));
    line.addAll(List.of(words));
    Process process =
        new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    Set<String> completed = process.inputReader().lines().collect(Collectors.toSet());
    process.waitFor();
    return completed;
  }
}
