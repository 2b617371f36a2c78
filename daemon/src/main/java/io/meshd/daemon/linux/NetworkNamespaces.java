package io.meshd.daemon.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Named network namespaces: files below one folder, each with a namespace bound to it, as {@code ip
 * netns} has them. They live until they are removed, without any process.
 */
public final class NetworkNamespaces {
  private final Path base;

  /** {@code base}: /run/meshd/netns on a node of its own. */
  public NetworkNamespaces(Path base) {
    this.base = base.toAbsolutePath();
  }

  public Path path(String name) {
    return base.resolve(name);
  }

  /** What to put before a command so that it runs in the namespace; nothing for null. */
  public static List<String> enter(@Nullable Path netns) throws IOException {
    return netns == null ? List.of() : List.of(ToolRun.find("nsenter"), "--net=" + netns, "--");
  }

  /**
   * Makes the namespace unless it is there.
   *
   * @return true when it was made now
   */
  public boolean ensure(String name) throws IOException {
    Path file = path(name);
    if (bound().contains(file)) {
      return false;
    }
    Files.createDirectories(base);
    if (!Files.exists(file)) {
      Files.createFile(file);
    }
    ToolRun run =
        ToolRun.run(
            List.of(ToolRun.find("unshare"), "--net=" + file, "--", ToolRun.find("true")), "");
    if (run.exit() != 0) {
      throw new LinuxException(
          List.of("the network namespace " + file + " cannot be made: " + run.err().strip()));
    }
    return true;
  }

  /** Removes it and every device in it, once no process is left in it. */
  public void remove(String name) throws IOException {
    Path file = path(name);
    // A file can carry several mounts after two daemons raced for it.
    while (bound().contains(file)) {
      ToolRun run = ToolRun.run(List.of(ToolRun.find("umount"), file.toString()), "");
      if (run.exit() != 0) {
        throw new LinuxException(
            List.of("the network namespace " + file + " cannot be removed: " + run.err().strip()));
      }
    }
    Files.deleteIfExists(file);
  }

  /** The names of what stands below the base, bound or not. */
  public List<String> list() throws IOException {
    try (Stream<Path> files = Files.list(base)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  /** Mount points of namespaces in this mount namespace (proc(5), mountinfo: field 5 and type). */
  private static Set<Path> bound() throws IOException {
    Set<Path> points = new HashSet<>();
    for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
      int separator = line.indexOf(" - ");
      if (separator > 0 && line.startsWith(" - nsfs ", separator)) {
        points.add(Path.of(unescape(line.split(" ", 6)[4])));
      }
    }
    return points;
  }

  /** mountinfo writes space, tab, newline and backslash as three octal digits. */
  private static String unescape(String text) {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    List<String> out = new ArrayList<>();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '\\' && i + 3 < text.length()) {
        out.add(String.valueOf((char) Integer.parseInt(text.substring(i + 1, i + 4), 8)));
        i += 3;
      } else {
        out.add(String.valueOf(text.charAt(i)));
      }
    }
    return String.join("", out);
  }
}
