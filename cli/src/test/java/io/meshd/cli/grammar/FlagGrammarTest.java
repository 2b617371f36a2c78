package io.meshd.cli.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

final class FlagGrammarTest {
  static final class Sample {
    @Option(names = {"-d", "--detach"})
    boolean detach;

    @Option(names = {"-q", "--quiet"})
    boolean quiet;

    @Option(names = {"-p", "--publish"})
    List<String> publish = new ArrayList<>();

    @Option(names = "--name")
    @Nullable String name;

    @Parameters List<String> rest = new ArrayList<>();
  }

  private static List<String> read(boolean interspersed, String line) throws FlagGrammar.Misuse {
    CommandLine sample = new CommandLine(new Sample());
    return new FlagGrammar(sample.getCommandSpec(), interspersed, Set.of("mount"))
        .canonical(List.of(line.split(" ")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "-dq a|--detach --quiet -- a",
        "-dp80 a|--detach --publish=80 -- a",
        "-p=80 -p 81 --publish=82 --publish 83|--publish=80 --publish=81 --publish=82 --publish=83"
            + " --",
        "--detach=false a|-- a",
        "--detach true|--detach -- true",
        "--name x --name=y|--name=y --",
        "a -d b|--detach -- a b",
        "-- -d|-- -d",
        "--name -d|--name=-d --",
        "- a|-- - a",
        "--name= a|--name= -- a",
      })
  void readsAsPflagDoes(String line, String canonical) throws FlagGrammar.Misuse {
    assertEquals(canonical, String.join(" ", read(true, line)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"-d img ls -l --name|--detach -- img ls -l --name", "img -- x|-- img -- x"})
  void optionsEndAtTheFirstPositional(String line, String canonical) throws FlagGrammar.Misuse {
    assertEquals(canonical, String.join(" ", read(false, line)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--foo|unknown flag: --foo",
        "--foo=bar|unknown flag: --foo",
        "-dx|unknown shorthand flag: 'x' in -x",
        "-xd|unknown shorthand flag: 'x' in -xd",
        "--name|flag needs an argument: --name",
        "-dp|flag needs an argument: 'p' in -p",
        "--mount x|flag --mount is not supported by meshd",
        "---x|bad flag syntax: ---x",
      })
  void refusesInPflagsWords(String line, String words) {
    assertEquals(
        words, assertThrows(FlagGrammar.Misuse.class, () -> read(true, line)).getMessage());
  }
}
