/** {@code meshctl node ...}. */
@NullMarked
package io.meshd.cli.node;

import org.jspecify.annotations.NullMarked;
