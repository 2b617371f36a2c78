package io.meshd.cli.grammar;

import io.meshd.api.Services.PortConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One {@code --publish}, in either of Docker's two forms.
 *
 * <pre>
 *   short:  [published:]target[/protocol]          8080:80/udp   8000-8002:80-82   80
 *   long:   published=8080,target=80[,protocol=udp][,mode=host][,ip=10.0.0.1]
 *             [,client-address=snat|proxy-v2|preserve]
 * </pre>
 *
 * {@code ip=} is ours: the only address of each node that answers. Without a published port the
 * swarm picks one: the port is then 0 on the wire.
 */
public record PublishSpec(List<PortConfig> ports) {
  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
  private static final Pattern LONG = Pattern.compile("\\w+=\\w+(,\\w+=\\w+)*");

  private record Range(int first, int last) {
    int size() {
      return last - first;
    }
  }

  public static PublishSpec parse(String text) {
    return new PublishSpec(LONG.matcher(text).find() ? parseLong(text) : parseShort(text));
  }

  private static List<PortConfig> parseLong(String text) {
    String protocol = "tcp";
    String mode = "ingress";
    String ip = null;
    int target = 0;
    int published = 0;
    String clientAddress = null;
    for (String field : text.split(",", -1)) {
      String[] pair = field.toLowerCase(Locale.ROOT).split("=", 2);
      if (pair.length != 2 || pair[0].isEmpty()) {
        throw new IllegalArgumentException("invalid field: " + field);
      }
      String value = pair[1];
      switch (pair[0]) {
        case "protocol" -> protocol = longProtocol(value);
        case "mode" -> mode = publishMode(value);
        case "target" -> target = longPort("target", value);
        case "ip" -> ip = hostIp(value);
        case "published" -> published = longPort("published", value);
        case "client-address" -> clientAddress = clientAddress(value);
        default -> throw new IllegalArgumentException("invalid field key: " + pair[0]);
      }
    }
    if (target == 0) {
      throw new IllegalArgumentException("missing mandatory field 'target'");
    }
    return List.of(
        new PortConfig(
            null, protocol, target, published == 0 ? null : published, mode, ip, clientAddress));
  }

  private static String hostIp(String value) {
    if (!IPV4.matcher(value).matches()
        || Arrays.stream(value.split("\\.", -1)).anyMatch(part -> Integer.parseInt(part) > 255)) {
      throw new IllegalArgumentException(
          "invalid ip value (%s): must be an IPv4 address".formatted(value));
    }
    return value;
  }

  private static String clientAddress(String value) {
    return switch (value) {
      case "snat", "proxy-v2", "preserve" -> value;
      default ->
          throw new IllegalArgumentException(
              "invalid client-address value (%s): must be 'snat', 'proxy-v2' or 'preserve'"
                  .formatted(value));
    };
  }

  private static String longProtocol(String value) {
    return switch (value) {
      case "tcp", "udp", "sctp" -> value;
      default -> throw new IllegalArgumentException("invalid protocol value '" + value + "'");
    };
  }

  private static String publishMode(String value) {
    return switch (value) {
      case "ingress", "host" -> value;
      default ->
          throw new IllegalArgumentException(
              "invalid publish mode value (%s): must be either 'ingress' or 'host'"
                  .formatted(value));
    };
  }

  private static int longPort(String which, String value) {
    String why = "invalid syntax";
    if (!value.isEmpty() && value.chars().allMatch(c -> c >= '0' && c <= '9')) {
      if (value.length() <= 9 && Integer.parseInt(value) <= 0xffff) {
        return Integer.parseInt(value);
      }
      why = "value out of range";
    }
    throw new IllegalArgumentException(
        "invalid %s port (%s): value must be an integer: %s".formatted(which, value, why));
  }

  private static List<PortConfig> parseShort(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    String container = text.substring(colon + 1);
    int slash = container.indexOf('/');
    String protocol = "tcp";
    if (slash >= 0) {
      String given = container.substring(slash + 1).toLowerCase(Locale.ROOT);
      protocol = given.isEmpty() ? "tcp" : given;
      container = container.substring(0, slash);
    }
    if (container.isEmpty()) {
      throw new IllegalArgumentException("no port specified: " + text + "<empty>");
    }
    if (!protocol.equals("tcp") && !protocol.equals("udp") && !protocol.equals("sctp")) {
      throw new IllegalArgumentException("invalid proto: " + protocol);
    }
    if (host.indexOf(':') >= 0) {
      throw new IllegalArgumentException("hostip is not supported");
    }
    Range targets = range(container);
    if (targets == null || targets.first() == 0) {
      throw new IllegalArgumentException("invalid containerPort: " + container);
    }
    Range published = host.isEmpty() ? new Range(0, 0) : range(host);
    if (published == null) {
      throw new IllegalArgumentException("invalid hostPort: " + host);
    }
    if (!host.isEmpty() && targets.size() != published.size() && targets.size() != 0) {
      throw new IllegalArgumentException(
          "invalid ranges specified for container and host Ports: %s and %s"
              .formatted(container, host));
    }
    List<PortConfig> ports = new ArrayList<>();
    int count = Math.max(targets.size(), published.size());
    for (int i = 0; i <= count; i++) {
      int target = targets.first() + (targets.size() == 0 ? 0 : i);
      int publish = host.isEmpty() ? 0 : published.first() + i;
      ports.add(port(protocol, target, publish, "ingress", null));
    }
    return ports;
  }

  private static @Nullable Range range(String text) {
    int dash = text.indexOf('-');
    int first = number(dash < 0 ? text : text.substring(0, dash));
    int last = dash < 0 ? first : number(text.substring(dash + 1));
    return first < 0 || last < first ? null : new Range(first, last);
  }

  /** 0 to 65535, or -1. */
  private static int number(String text) {
    if (text.isEmpty() || text.length() > 6 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return -1;
    }
    int value = Integer.parseInt(text);
    return value > 0xffff ? -1 : value;
  }

  private static PortConfig port(
      String protocol, int target, int published, String mode, @Nullable String ip) {
    return new PortConfig(
        null, protocol, target, published == 0 ? null : published, mode, ip, null);
  }
}
