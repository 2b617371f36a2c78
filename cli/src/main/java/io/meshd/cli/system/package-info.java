/** {@code meshctl counters}, {@code info} and {@code version}. */
@NullMarked
package io.meshd.cli.system;

import org.jspecify.annotations.NullMarked;
