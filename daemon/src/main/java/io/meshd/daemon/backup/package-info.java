/**
 * A cluster as a file: what one manager needs to begin again on an empty disk. Must not know how it
 * is asked for, nor the log.
 */
@NullMarked
package io.meshd.daemon.backup;

import org.jspecify.annotations.NullMarked;
