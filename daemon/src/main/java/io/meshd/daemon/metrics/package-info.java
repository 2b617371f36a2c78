/**
 * What a node counts and measures, for Prometheus. It reads what the other packages tell of
 * themselves and is known by none of them.
 */
@NullMarked
package io.meshd.daemon.metrics;

import org.jspecify.annotations.NullMarked;
