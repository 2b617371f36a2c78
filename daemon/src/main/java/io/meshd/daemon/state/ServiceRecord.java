package io.meshd.daemon.state;

import io.meshd.api.Services;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A service. Networks in {@code spec} are IDs by the time it is here.
 *
 * @param specVersion version at which the task template last changed: tasks of an older one are out
 *     of date
 * @param ports the published ports with every number allocated
 * @param virtualIps one per network of the spec, and one on {@code ingress} where a port is
 *     published in ingress mode and the service has no other network
 */
public record ServiceRecord(
    String id,
    long version,
    String createdAt,
    String updatedAt,
    Services.ServiceSpec spec,
    Services.@Nullable ServiceSpec previousSpec,
    long specVersion,
    List<Services.PortConfig> ports,
    List<Services.VirtualIp> virtualIps,
    Services.@Nullable UpdateStatus updateStatus) {

  public String name() {
    return spec.name();
  }
}
