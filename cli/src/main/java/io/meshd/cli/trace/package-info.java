/** The way of a packet. */
@NullMarked
package io.meshd.cli.trace;

import org.jspecify.annotations.NullMarked;
