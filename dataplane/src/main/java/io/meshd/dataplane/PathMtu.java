package io.meshd.dataplane;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What the path to another VTEP carries.
 *
 * @param mtu bytes of the largest IPv4 packet of the underlay; 0 while it is not known, as with a
 *     VTEP that does not answer probes: TCP is then cut for what the underlay's interface carries,
 *     1500 at most, and all else leaves as it is
 * @param confirmed how long ago; null while it is not known
 */
public record PathMtu(Ipv4Address vtep, int mtu, @Nullable Duration confirmed) {}
