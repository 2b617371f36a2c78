package io.meshd.daemon.plugin;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.meshd.daemon.reconcile.ContainerTaps;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An endpoint of a container: Docker's, and whose it is in the cluster. Exactly one of {@code
 * endpointId} and {@code taskId} is there.
 *
 * @param id the Engine's
 * @param networkId the Engine's
 * @param overlayId of the cluster's network
 * @param endpointId of the cluster's endpoint, for a container that somebody runs
 * @param taskId of the task that the container is
 * @param address without prefix
 * @param device in the host's namespace
 * @param sandbox path of the container's namespace, null before it has joined and after it left
 * @param resolverPrefix length of the route's prefix by which the container asks for names here
 */
record BoundEndpoint(
    @JsonProperty("id") String id,
    @JsonProperty("networkId") String networkId,
    @JsonProperty("overlayId") String overlayId,
    @JsonProperty("endpointId") @Nullable String endpointId,
    @JsonProperty("taskId") @Nullable String taskId,
    @JsonProperty("address") String address,
    @JsonProperty("mac") String mac,
    @JsonProperty("device") String device,
    @JsonProperty("sandbox") @Nullable String sandbox,
    @JsonProperty("resolverPrefix") int resolverPrefix) {

  ContainerTaps.Port port() {
    return taskId == null
        ? ContainerTaps.Port.ofEndpoint(Objects.requireNonNull(endpointId))
        : ContainerTaps.Port.ofTask(taskId, overlayId);
  }

  BoundEndpoint joined(String where, int prefix) {
    return new BoundEndpoint(
        id, networkId, overlayId, endpointId, taskId, address, mac, device, where, prefix);
  }

  BoundEndpoint left() {
    return new BoundEndpoint(
        id, networkId, overlayId, endpointId, taskId, address, mac, device, null, 0);
  }
}
