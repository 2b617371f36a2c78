package io.meshd.daemon.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** What a resolv.conf says (resolv.conf(5)), in the order in which it says it. */
public record ResolvConf(List<String> nameservers, List<String> search, List<String> options) {
  public static final Path HOST = Path.of("/etc/resolv.conf");

  public static final ResolvConf EMPTY = new ResolvConf(List.of(), List.of(), List.of());

  private static final Pattern SPACE = Pattern.compile("[ \\t]+");
  private static final int LARGEST = 1 << 16;

  /** A missing file says nothing. */
  public static ResolvConf read(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return parse(new String(in.readNBytes(LARGEST), StandardCharsets.ISO_8859_1));
    } catch (NoSuchFileException e) {
      return EMPTY;
    }
  }

  public static ResolvConf parse(String text) {
    List<String> nameservers = new ArrayList<>();
    List<String> search = new ArrayList<>();
    List<String> options = new ArrayList<>();
    for (String line : text.lines().toList()) {
      List<String> words = List.of(SPACE.split(line.strip(), -1));
      List<String> rest = words.subList(1, words.size());
      switch (words.getFirst()) {
        case "nameserver" -> rest.stream().limit(1).forEach(nameservers::add);
        case "search", "domain" -> {
          // The last one counts.
          search.clear();
          search.addAll(rest);
        }
        case "options" -> options.addAll(rest);
        default -> {
          // Comments, and what other systems have.
        }
      }
    }
    return new ResolvConf(List.copyOf(nameservers), List.copyOf(search), List.copyOf(options));
  }

  /** As a file. */
  public String text() {
    StringBuilder text = new StringBuilder();
    nameservers.forEach(server -> text.append("nameserver ").append(server).append('\n'));
    if (!search.isEmpty()) {
      text.append("search ").append(String.join(" ", search)).append('\n');
    }
    if (!options.isEmpty()) {
      text.append("options ").append(String.join(" ", options)).append('\n');
    }
    return text.toString();
  }
}
