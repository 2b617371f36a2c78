/**
 * meshd itself: configuration, start-up checks, and the wiring of the parts. Nothing depends on it.
 */
@NullMarked
package io.meshd.daemon;

import org.jspecify.annotations.NullMarked;
