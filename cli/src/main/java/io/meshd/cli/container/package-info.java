/** {@code meshctl ps} and {@code meshctl exec}: the tasks of this node. */
@NullMarked
package io.meshd.cli.container;

import org.jspecify.annotations.NullMarked;
