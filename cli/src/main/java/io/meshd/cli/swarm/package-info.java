/** {@code meshctl swarm ...}. */
@NullMarked
package io.meshd.cli.swarm;

import org.jspecify.annotations.NullMarked;
