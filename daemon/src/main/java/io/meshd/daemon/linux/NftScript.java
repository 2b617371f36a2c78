package io.meshd.daemon.linux;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A script for {@code nft -f}: one transaction, all of it or nothing. */
public record NftScript(String text) {

  /**
   * The script that makes a table be exactly this, whatever it was before.
   *
   * @param body chains and rules between the braces
   */
  public static NftScript replaceTable(String family, String name, String body) {
    String table = "table " + family + " " + name;
    return new NftScript(
        "add " + table + "\ndelete " + table + "\n" + table + " {\n" + body + "}\n");
  }

  /** The script that removes a table if it is there. */
  public static NftScript removeTable(String family, String name) {
    String table = "table " + family + " " + name;
    return new NftScript("add " + table + "\ndelete " + table + "\n");
  }

  /**
   * Applies it.
   *
   * @param netns the network namespace by path, or null for the daemon's own
   * @throws LinuxException in nft's words, with the lines that failed
   */
  public void apply(@Nullable Path netns) throws IOException {
    List<String> command = new ArrayList<>(NetworkNamespaces.enter(netns));
    command.addAll(List.of(ToolRun.find("nft"), "-f", "-"));
    ToolRun run = ToolRun.run(command, text);
    if (run.exit() != 0) {
      List<String> problems = new ArrayList<>();
      for (String line : run.err().lines().toList()) {
        if (!line.isBlank() && !line.strip().matches("[\\^~ ]+")) {
          problems.add("nft: " + line.strip());
        }
      }
      throw new LinuxException(
          problems.isEmpty() ? List.of("nft ended with exit code " + run.exit()) : problems);
    }
  }
}
