package io.meshd.gossip;

import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.KeyRing;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a node needs to take part.
 *
 * @param name unique in the cluster, the same at every start
 * @param bind for UDP and TCP; 7946 is the port that everybody uses
 * @param advertised where the others reach it
 * @param epoch of this run: higher than in every run before, for example the time of the start;
 *     when the others know of a higher one, it rises above that by itself
 * @param tags for all members to see, some 400 bytes
 * @param label of the cluster, empty for none: packets of another label are refused
 * @param keys null where nothing is encrypted
 * @param seeds addresses at which members should be; asked again and again, on the gossip thread
 */
public record GossipConfig(
    String name,
    InetSocketAddress bind,
    Address advertised,
    long epoch,
    Map<String, String> tags,
    String label,
    @Nullable KeyRing keys,
    Supplier<Collection<Address>> seeds,
    Timing timing) {}
