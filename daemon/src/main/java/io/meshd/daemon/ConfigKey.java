package io.meshd.daemon;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The keys of the configuration file, which are the flags too, with what --help says of them. */
enum ConfigKey {
  DATA_DIR("data-dir", "PATH", "state that outlives a restart (default: /var/lib/meshd)"),
  RUN_DIR("run-dir", "PATH", "state that a reboot ends (default: /run/meshd)"),
  SOCKET("socket", "PATH", "unix socket of the API (default: meshd.sock in the run-dir)"),
  LISTEN_ADDR("listen-addr", "IP:PORT", "control channel (default: 0.0.0.0:2377)"),
  GOSSIP_PORT("gossip-port", "PORT", "UDP and TCP, the same on every node (default: 7946)"),
  DATA_LOOPS("data-loops", "N", "threads that forward frames (default: processors, at most 4)"),
  INGRESS_LOOPS("ingress-loops", "N", "threads of published ports (default: as data-loops)"),
  LOG_LEVEL("log-level", "LEVEL", "error, warn, info, debug or trace (default: info)"),
  HOSTNAME("hostname", "NAME", "this node's name in the cluster (default: the machine's)"),
  HEALTH_ADDR("health-addr", "IP:PORT", "health for load balancers (default: not served)"),
  METRICS_ADDR("metrics-addr", "IP:PORT", "metrics for Prometheus (default: not served)"),
  DOCKER_SOCKET("docker-socket", "PATH", "the Docker Engine's (default: /var/run/docker.sock)"),
  PLUGIN_SOCKET(
      "plugin-socket",
      "PATH",
      "where the Docker Engine finds meshd's networks (default: /run/docker/plugins/meshd.sock)");

  private final String key;
  private final String placeholder;
  private final String help;

  ConfigKey(String key, String placeholder, String help) {
    this.key = key;
    this.placeholder = placeholder;
    this.help = help;
  }

  String key() {
    return key;
  }

  String flag() {
    return "--" + key;
  }

  String placeholder() {
    return placeholder;
  }

  String help() {
    return help;
  }

  static Optional<ConfigKey> find(String key) {
    return Arrays.stream(values()).filter(each -> each.key.equals(key)).findFirst();
  }

  /** "data-dir, run-dir, ...", for errors. */
  static String allKeys() {
    return Arrays.stream(values()).map(ConfigKey::key).collect(Collectors.joining(", "));
  }
}
