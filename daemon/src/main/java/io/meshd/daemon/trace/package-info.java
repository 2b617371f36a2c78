/**
 * What one node knows of a packet's way through it: of its names, its switch and its published
 * ports. It asks the parts that do the work, and imitates none of them.
 */
@NullMarked
package io.meshd.daemon.trace;

import org.jspecify.annotations.NullMarked;
