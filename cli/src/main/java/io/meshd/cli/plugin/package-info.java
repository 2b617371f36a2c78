/** {@code meshctl plugin ...}: networks of a Docker Swarm on this node. */
@NullMarked
package io.meshd.cli.plugin;

import org.jspecify.annotations.NullMarked;
