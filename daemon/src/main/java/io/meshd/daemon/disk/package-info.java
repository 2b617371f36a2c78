/** Files that survive a crash whole. Knows nothing of what is in them. */
@NullMarked
package io.meshd.daemon.disk;

import org.jspecify.annotations.NullMarked;
