/**
 * Virtual IPs: which backend a flow gets, which flows there are, and how a frame is rewritten.
 * Knows headers and numbers; where a backend lives and how a frame gets there is the switch's.
 */
@NullMarked
package io.meshd.dataplane.lb;

import org.jspecify.annotations.NullMarked;
