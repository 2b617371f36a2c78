package io.meshd.daemon.dns;

import java.util.Map;

/**
 * Who may ask at one address, and what each of them sees.
 *
 * @param gateway dotted IPv4, where the server listens
 * @param askers by IPv4 address, as {@link java.net.Inet4Address#hashCode} has it: big-endian
 */
public record NetworkNames(String gateway, Map<Integer, Asker> askers) {}
