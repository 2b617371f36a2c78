package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The session of docs/TOUR.md, typed line by line. */
class TourTest {
  private static final Pattern PROMPT = Pattern.compile("(n[1-3]|client)# (.*)");
  private static final Pattern TOKEN = Pattern.compile("SWMTKN-1-[0-9a-z]+-[0-9a-z]+");
  private static final String ANY = "…";

  /** What only looks is asked again until it shows what it must. */
  private static final Pattern LOOKS = Pattern.compile("curl .*|.* (ls|ps|trace|exec) .*");

  private record Step(String node, String command, List<String> answer) {
    Pattern wanted() {
      return Pattern.compile(
          answer.stream()
              .map(
                  line ->
                      Arrays.stream(line.split(ANY, -1))
                          .map(Pattern::quote)
                          .collect(Collectors.joining(".*")))
              .collect(Collectors.joining("\\s*\\n\\s*")),
          Pattern.DOTALL);
    }
  }

  private static List<Step> steps() throws IOException {
    List<Step> steps = new ArrayList<>();
    boolean session = false;
    for (String line : Files.readAllLines(Path.of("../docs/TOUR.md"))) {
      Matcher prompt = PROMPT.matcher(line);
      if (line.startsWith("```")) {
        session = !session;
      } else if (session && prompt.matches()) {
        steps.add(new Step(prompt.group(1), prompt.group(2), new ArrayList<>()));
      } else if (session) {
        steps.getLast().answer().add(line.strip());
      }
    }
    return steps;
  }

  @Test
  void everyLineDoesWhatThePageSays() throws Exception {
    List<Step> steps = steps();
    assertTrue(steps.size() > 20, "steps: " + steps.size());
    try (Cluster cluster = Cluster.up(TourTest.class, "--nodes", "3", "--bare")) {
      for (String node : List.of("n1", "n2", "n3")) {
        cluster.start(node);
      }
      String token = "SWMTKN-1-" + ANY;
      for (Step step : steps) {
        String command = step.command().replace("SWMTKN-1-" + ANY, token);
        String said = run(cluster, step, command);
        Matcher found = TOKEN.matcher(said);
        if (found.find()) {
          token = found.group();
        }
      }
    }
  }

  private static String run(Cluster cluster, Step step, String command) {
    if (!LOOKS.matcher(command).matches()) {
      CommandResult result = cluster.run(step.node(), "sh", "-c", command);
      String wrong = wrong(step, result);
      assertTrue(wrong == null, wrong);
      return result.out();
    }
    String[] said = {""};
    await(step.command())
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () -> {
              CommandResult result = cluster.run(step.node(), "sh", "-c", command);
              String wrong = wrong(step, result);
              assertTrue(wrong == null, wrong);
              said[0] = result.out();
            });
    return said[0];
  }

  private static @Nullable String wrong(Step step, CommandResult result) {
    return result.ok() && step.wanted().matcher(result.out().strip()).matches()
        ? null
        : step.node() + "# " + step.command() + "\n" + result.out() + result.err();
  }
}
