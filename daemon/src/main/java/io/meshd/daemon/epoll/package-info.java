/** Netty's epoll transport where it needs help. Knows only Netty. */
@NullMarked
package io.meshd.daemon.epoll;

import org.jspecify.annotations.NullMarked;
