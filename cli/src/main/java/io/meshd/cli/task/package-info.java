/** Tasks as {@code service ps} and {@code node ps} show them. */
@NullMarked
package io.meshd.cli.task;

import org.jspecify.annotations.NullMarked;
