/** Files that survive a crash whole, and what is sealed in them. Knows nothing of what that is. */
@NullMarked
package io.meshd.daemon.disk;

import org.jspecify.annotations.NullMarked;
