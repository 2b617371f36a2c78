package io.meshd.daemon;

import io.meshd.api.Version;
import io.meshd.daemon.ConfigFile.Value;
import io.meshd.daemon.MeshdConfig.LogLevel;
import io.meshd.daemon.peers.Peers;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Puts {@link MeshdConfig} together: defaults, then the file, then the flags. */
public final class ConfigReader {
  private static final Path DEFAULT_FILE = Path.of("/etc/meshd/meshd.yaml");
  private static final int MAX_LOOPS = 64;
  private static final int LAST_PORT = 65_535;
  private static final int DEFAULT_LOOPS = 4;

  private final Path defaultFile;
  private final String machineName;
  private final int processors;

  /** For this machine. */
  public ConfigReader() {
    this(DEFAULT_FILE, machineName(), Runtime.getRuntime().availableProcessors());
  }

  ConfigReader(Path defaultFile, String machineName, int processors) {
    this.defaultFile = defaultFile;
    this.machineName = machineName;
    this.processors = processors;
  }

  /** What {@code --help} or {@code --version} print; empty where neither is asked for. */
  public Optional<String> answer(String... arguments) throws StartupException {
    ParseResult flags = parse(arguments);
    if (flags.hasMatchedOption("--help")) {
      return Optional.of(new CommandLine(spec()).getUsageMessage());
    }
    return flags.hasMatchedOption("--version")
        ? Optional.of("meshd version " + Version.TEXT + "\n")
        : Optional.empty();
  }

  /**
   * Reads everything.
   *
   * @throws StartupException naming the flag, or the file, line and key, that is wrong
   */
  public MeshdConfig read(String... arguments) throws StartupException {
    ParseResult flags = parse(arguments);
    Map<ConfigKey, Value> values = new EnumMap<>(ConfigKey.class);
    String named = flags.matchedOptionValue("--config", null);
    if (named != null) {
      values.putAll(ConfigFile.read(Path.of(named)));
    } else if (Files.exists(defaultFile)) {
      values.putAll(ConfigFile.read(defaultFile));
    }
    for (ConfigKey key : ConfigKey.values()) {
      String text = flags.matchedOptionValue(key.flag(), null);
      if (text != null) {
        values.put(key, new Value(text, key.flag()));
      }
    }
    return typed(values);
  }

  private ParseResult parse(String... arguments) throws StartupException {
    try {
      return new CommandLine(spec()).parseArgs(arguments);
    } catch (CommandLine.UnmatchedArgumentException e) {
      String first = e.getUnmatched().getFirst();
      throw new StartupException(
          (first.startsWith("-") ? "unknown flag " : "unexpected argument ")
              + first
              + "; meshd --help lists what there is");
    } catch (CommandLine.ParameterException e) {
      throw new StartupException(e.getMessage() + "; meshd --help lists what there is");
    }
  }

  /** The flags, which but for {@code --config}, help and version are the keys of the file too. */
  public CommandSpec spec() {
    CommandSpec spec = CommandSpec.create().name("meshd");
    spec.usageMessage().description("The meshd daemon of this node.");
    spec.addOption(
        option("--config", "PATH", "configuration file (default: " + defaultFile + ")").build());
    for (ConfigKey key : ConfigKey.values()) {
      spec.addOption(option(key.flag(), key.placeholder(), key.help()).build());
    }
    spec.addOption(
        OptionSpec.builder("-h", "--help").usageHelp(true).description("show this").build());
    spec.addOption(
        OptionSpec.builder("-v", "--version")
            .versionHelp(true)
            .description("show the version")
            .build());
    return spec;
  }

  private static OptionSpec.Builder option(String name, String placeholder, String help) {
    return OptionSpec.builder(name)
        .type(String.class)
        .arity("1")
        .paramLabel(placeholder)
        .description(help);
  }

  private MeshdConfig typed(Map<ConfigKey, Value> values) throws StartupException {
    Path runDir = path(values.get(ConfigKey.RUN_DIR), Path.of("/run/meshd"));
    int dataLoops =
        loops(values.get(ConfigKey.DATA_LOOPS), Math.clamp(processors, 1, DEFAULT_LOOPS));
    return new MeshdConfig(
        path(values.get(ConfigKey.DATA_DIR), Path.of("/var/lib/meshd")),
        runDir,
        path(values.get(ConfigKey.SOCKET), runDir.resolve("meshd.sock")),
        address(values.get(ConfigKey.LISTEN_ADDR)),
        port(values.get(ConfigKey.GOSSIP_PORT), Peers.PORT),
        dataLoops,
        loops(values.get(ConfigKey.INGRESS_LOOPS), dataLoops),
        level(values.get(ConfigKey.LOG_LEVEL)),
        name(values.get(ConfigKey.HOSTNAME)),
        optionalAddress(values.get(ConfigKey.HEALTH_ADDR)),
        optionalAddress(values.get(ConfigKey.METRICS_ADDR)),
        path(values.get(ConfigKey.DOCKER_SOCKET), Path.of("/var/run/docker.sock")),
        path(values.get(ConfigKey.PLUGIN_SOCKET), Path.of("/run/docker/plugins/meshd.sock")));
  }

  private static Path path(@Nullable Value value, Path otherwise) throws StartupException {
    if (value == null) {
      return otherwise;
    }
    if (!value.text().startsWith("/") || value.text().indexOf('\0') >= 0) {
      throw wrong(value, "an absolute path");
    }
    return Path.of(value.text());
  }

  private static int port(@Nullable Value value, int otherwise) throws StartupException {
    if (value == null) {
      return otherwise;
    }
    int port = value.text().matches("[0-9]{1,5}") ? Integer.parseInt(value.text()) : 0;
    if (port < 1 || port > LAST_PORT) {
      throw wrong(value, "a port from 1 to " + LAST_PORT);
    }
    return port;
  }

  private static int loops(@Nullable Value value, int otherwise) throws StartupException {
    if (value == null) {
      return otherwise;
    }
    if (!value.text().matches("[0-9]{1,2}")
        || Integer.parseInt(value.text()) < 1
        || Integer.parseInt(value.text()) > MAX_LOOPS) {
      throw wrong(value, "a whole number from 1 to " + MAX_LOOPS);
    }
    return Integer.parseInt(value.text());
  }

  private static @Nullable InetSocketAddress optionalAddress(@Nullable Value value)
      throws StartupException {
    return value == null ? null : address(value);
  }

  private static InetSocketAddress address(@Nullable Value value) throws StartupException {
    String text = value == null ? "0.0.0.0:2377" : value.text();
    int colon = text.lastIndexOf(':');
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      String host = text.substring(0, Math.max(colon, 0));
      if (host.startsWith("[") && host.endsWith("]")) {
        host = host.substring(1, host.length() - 1);
      } else if (host.indexOf(':') >= 0) {
        throw new IllegalArgumentException("an IPv6 address without its brackets");
      }
      if (port >= 1 && port <= 65535) {
        return new InetSocketAddress(InetAddress.ofLiteral(host), port);
      }
    } catch (IllegalArgumentException e) {
      // Said below in the same words for every way to get it wrong.
    }
    throw new StartupException(
        (value == null ? "listen-addr" : value.origin())
            + " must be an address and a port, such as 10.0.0.5:2377 or [::]:2377, not \""
            + text
            + "\"");
  }

  private static LogLevel level(@Nullable Value value) throws StartupException {
    if (value == null) {
      return LogLevel.INFO;
    }
    for (LogLevel level : LogLevel.values()) {
      if (level.name().toLowerCase(Locale.ROOT).equals(value.text())) {
        return level;
      }
    }
    throw wrong(value, "error, warn, info, debug or trace");
  }

  private String name(@Nullable Value value) throws StartupException {
    if (value == null) {
      return machineName;
    }
    if (!value.text().matches("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")) {
      throw wrong(value, "a host name of at most 63 letters, digits, '.', '_' and '-'");
    }
    return value.text();
  }

  private static StartupException wrong(Value value, String wanted) {
    return new StartupException(
        value.origin() + " must be " + wanted + ", not \"" + value.text() + "\"");
  }

  private static String machineName() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException e) {
      return "localhost";
    }
  }
}
