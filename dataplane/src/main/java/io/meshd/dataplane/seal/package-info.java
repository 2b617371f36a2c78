/**
 * Encrypted networks: keys derived from the cluster's, frames sealed and opened, replays refused.
 * Knows headers and addresses, but no sockets, no TAPs and not what is inside a frame.
 */
@NullMarked
package io.meshd.dataplane.seal;

import org.jspecify.annotations.NullMarked;
