package io.meshd.daemon.state;

import io.meshd.api.Nodes;
import io.meshd.api.Services;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a service's spec means where it leaves things out. */
public final class ServiceSpecs {
  /** Where no weight is said. */
  public static final int DEFAULT_WEIGHT = 100;

  private ServiceSpecs() {}

  /** The lowest {@link CommandFormat} that knows what such a service is. */
  static int format(Services.ServiceSpec spec) {
    return container(spec) ? CommandFormat.CONTAINERS : CommandFormat.FIRST;
  }

  /** Whether its tasks are containers. */
  public static boolean container(Services.ServiceSpec spec) {
    Services.TaskSpec task = spec.taskTemplate();
    return task != null && !Services.TaskSpec.PROCESS.equals(task.runtime());
  }

  /**
   * What a task is to have for itself on its node.
   *
   * @param nanoCpus billionths of a processor
   */
  public record Reserved(long nanoCpus, long memoryBytes) {
    public Reserved plus(Reserved other) {
      return new Reserved(nanoCpus + other.nanoCpus, memoryBytes + other.memoryBytes);
    }

    /** Nothing of what is wanted is more than there is; who wants nothing always fits. */
    public boolean fits(Reserved wanted, Nodes.Resources all) {
      return (wanted.nanoCpus == 0 || nanoCpus + wanted.nanoCpus <= all.nanoCpus())
          && (wanted.memoryBytes == 0 || memoryBytes + wanted.memoryBytes <= all.memoryBytes());
    }
  }

  public static Reserved reserved(Services.TaskSpec task) {
    Map<?, ?> reservations =
        task.resources() != null && task.resources().get("Reservations") instanceof Map<?, ?> map
            ? map
            : Map.of();
    return new Reserved(
        number(reservations.get("NanoCPUs")), number(reservations.get("MemoryBytes")));
  }

  private static long number(@Nullable Object value) {
    return value instanceof Number number ? number.longValue() : 0;
  }

  public static boolean global(Services.ServiceSpec spec) {
    return spec.mode() != null && spec.mode().global() != null;
  }

  /** Wanted tasks of a replicated service, 1 where nothing is said; of no meaning for a global. */
  public static long replicas(Services.ServiceSpec spec) {
    Services.ServiceMode mode = spec.mode();
    if (mode == null || mode.replicated() == null || mode.replicated().replicas() == null) {
      return 1;
    }
    return mode.replicated().replicas();
  }

  /** The networks in the user's order; Docker's older field counts where the newer is empty. */
  public static List<Services.NetworkAttachmentConfig> networks(Services.ServiceSpec spec) {
    List<Services.NetworkAttachmentConfig> networks = spec.taskTemplate().networks();
    if (networks == null || networks.isEmpty()) {
      networks = spec.networks();
    }
    return networks == null ? List.of() : networks;
  }

  /** As written; {@link ServiceRecord#ports} has what was allocated. */
  public static List<Services.PortConfig> ports(Services.ServiceSpec spec) {
    Services.EndpointSpec endpoint = spec.endpointSpec();
    return endpoint == null || endpoint.ports() == null ? List.of() : endpoint.ports();
  }

  public static boolean dnsrr(Services.ServiceSpec spec) {
    return spec.endpointSpec() != null && "dnsrr".equals(spec.endpointSpec().mode());
  }

  /** How new flows are spread; with nothing said, a record of nulls. */
  public static Services.Balancing balancing(Services.ServiceSpec spec) {
    Services.EndpointSpec endpoint = spec.endpointSpec();
    return endpoint == null || endpoint.balancing() == null
        ? new Services.Balancing(null, null, null, null, null)
        : endpoint.balancing();
  }

  /** Share of new flows of tasks on a node, 0 to 1000: by the node's ID, else its hostname. */
  public static int weight(Services.Balancing balancing, NodeRecord node) {
    Map<String, Integer> weights = balancing.weights();
    if (weights == null) {
      return DEFAULT_WEIGHT;
    }
    Integer byName = weights.getOrDefault(node.hostname(), DEFAULT_WEIGHT);
    return weights.getOrDefault(node.id(), byName);
  }

  public static boolean ingress(Services.PortConfig port) {
    return !host(port);
  }

  public static boolean host(Services.PortConfig port) {
    return "host".equals(port.publishMode());
  }

  /** Whether tasks are to see the client's own address on it. */
  public static boolean preserves(Services.PortConfig port) {
    return ingress(port) && "preserve".equals(port.clientAddress());
  }

  public static boolean publishesIngress(List<Services.PortConfig> ports) {
    return ports.stream().anyMatch(ServiceSpecs::ingress);
  }

  /** Whether there is an address on which both would be: the same one, or one is for all. */
  public static boolean shareAddress(Services.PortConfig a, Services.PortConfig b) {
    return a.hostIp() == null || b.hostIp() == null || a.hostIp().equals(b.hostIp());
  }

  /** tcp or udp. */
  public static String protocol(Services.PortConfig port) {
    return port.protocol() == null || port.protocol().isEmpty() ? "tcp" : port.protocol();
  }

  /** 0 where it is open. */
  public static int publishedPort(Services.PortConfig port) {
    return port.publishedPort() == null ? 0 : port.publishedPort();
  }
}
