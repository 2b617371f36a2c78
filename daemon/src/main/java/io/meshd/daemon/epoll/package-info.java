/** What event loops wait with: epoll, beside and around Netty's. Knows Netty and system calls. */
@NullMarked
package io.meshd.daemon.epoll;

import org.jspecify.annotations.NullMarked;
