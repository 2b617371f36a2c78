/** Programs to measure the data plane by itself, started by hand. */
@NullMarked
package io.meshd.dataplane.bench;

import org.jspecify.annotations.NullMarked;
