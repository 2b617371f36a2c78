package io.meshd.daemon.plugin;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * A network of the node's Engine that stands for one of the cluster's.
 *
 * @param id the Engine's
 * @param overlay name or ID of the cluster's network, or null where the pool or its own name says
 * @param name the Engine's, null until the Engine was asked
 * @param pool as the Engine has it, CIDR
 */
record BoundNetwork(
    @JsonProperty("id") String id,
    @JsonProperty("overlay") @Nullable String overlay,
    @JsonProperty("name") @Nullable String name,
    @JsonProperty("pool") String pool) {}
