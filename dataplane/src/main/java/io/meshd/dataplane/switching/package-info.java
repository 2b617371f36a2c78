/**
 * Where a frame goes and why not: immutable tables and the decision made from them. Knows no system
 * calls, no sockets; ports are numbers that the loops give them.
 */
@NullMarked
package io.meshd.dataplane.switching;

import org.jspecify.annotations.NullMarked;
