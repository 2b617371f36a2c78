/**
 * The network plugin {@code meshd} of the node's Docker Engine: networks and addresses by Docker's
 * protocol (libnetwork, docs/remote.md and docs/ipam.md), on a unix socket where the Engine looks
 * for plugins. Addresses come from the cluster, TAPs from the reconciler; frames are not seen here.
 */
@NullMarked
package io.meshd.daemon.plugin;

import org.jspecify.annotations.NullMarked;
