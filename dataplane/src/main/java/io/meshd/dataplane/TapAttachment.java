package io.meshd.dataplane;

import java.nio.file.Path;

/**
 * A TAP device to make, or to take again if it persists from before a restart.
 *
 * @param port the name the {@link ForwardingSpec} refers to it by; unique on this node
 * @param netns the network namespace the device is in, for example /run/meshd/netns/x
 * @param device its name there, at most 15 bytes
 */
public record TapAttachment(String port, Path netns, String device) {}
