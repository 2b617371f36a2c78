/**
 * The runtime {@code docker}: tasks that are containers of the node's Docker Engine. Their
 * interfaces come from our network plugin when the Engine starts them. Knows nothing of the
 * cluster's state; what a task is to be, it is told.
 */
@NullMarked
package io.meshd.daemon.containers;

import org.jspecify.annotations.NullMarked;
