/**
 * Headers as they lie in memory: one flyweight of static methods per header over a {@link
 * java.lang.foreign.MemorySegment}, nothing allocated per packet. {@link
 * io.meshd.dataplane.wire.FrameView} is the one door for hostile input. Pure: no tables, no I/O.
 */
@NullMarked
package io.meshd.dataplane.wire;

import org.jspecify.annotations.NullMarked;
