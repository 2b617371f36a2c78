/**
 * A small HTTP/1.1 server on Netty: two doors (unix socket, TLS), routes, JSON bodies, streams,
 * upgraded connections. Handlers run on virtual threads and may block. Knows no API.
 */
@NullMarked
package io.meshd.daemon.http;

import org.jspecify.annotations.NullMarked;
