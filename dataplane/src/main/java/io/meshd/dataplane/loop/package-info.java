/**
 * The event loops: descriptors on Netty's epoll, a frame's way from TAP to wire ({@link
 * io.meshd.dataplane.loop.FramesOut}) and from wire to TAP ({@link
 * io.meshd.dataplane.loop.FramesIn}).
 */
@NullMarked
package io.meshd.dataplane.loop;

import org.jspecify.annotations.NullMarked;
