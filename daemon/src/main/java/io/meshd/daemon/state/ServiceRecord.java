package io.meshd.daemon.state;

import io.meshd.api.Services;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A service. Networks in {@code spec} are IDs by the time it is here.
 *
 * @param specVersion version at which the task template (other than its placement) or a host-mode
 *     port last changed: tasks of an older one are out of date
 * @param previousSpec what the last update replaced
 * @param previousSpecVersion its specVersion: with it again, tasks of it are up to date again
 * @param ports the published ports, protocol and mode filled in, every ingress port with its
 *     number; a host-mode port without one has null: each node takes a free one for its task
 * @param virtualIps in endpoint mode vip: one on {@code ingress} where a port is published in
 *     ingress mode, then one per network of the spec
 * @param registryAuth what its image is pulled with, where it is a container's; secret
 * @param previousRegistryAuth that of {@code previousSpec}
 */
public record ServiceRecord(
    String id,
    long version,
    String createdAt,
    String updatedAt,
    Services.ServiceSpec spec,
    Services.@Nullable ServiceSpec previousSpec,
    long previousSpecVersion,
    long specVersion,
    List<Services.PortConfig> ports,
    List<Services.VirtualIp> virtualIps,
    Services.@Nullable UpdateStatus updateStatus,
    @Nullable RegistryAuth registryAuth,
    @Nullable RegistryAuth previousRegistryAuth) {

  public String name() {
    return spec.name();
  }

  ServiceRecord with(Services.UpdateStatus status, long newVersion, String at) {
    return new ServiceRecord(
        id,
        newVersion,
        createdAt,
        at,
        spec,
        previousSpec,
        previousSpecVersion,
        specVersion,
        ports,
        virtualIps,
        status,
        registryAuth,
        previousRegistryAuth);
  }

  ServiceRecord withoutRegistryAuths() {
    return new ServiceRecord(
        id,
        version,
        createdAt,
        updatedAt,
        spec,
        previousSpec,
        previousSpecVersion,
        specVersion,
        ports,
        virtualIps,
        updateStatus,
        null,
        null);
  }
}
