/**
 * The one place that calls the C library through FFM: descriptors, sockets, network namespaces,
 * pseudo terminals; and OpenSSL's libcrypto for AES-GCM. Everything else uses the public Java
 * methods here. Knows no frames and no tables. Linux on x86-64 and aarch64 only: the structures and
 * constants are those of both.
 */
@NullMarked
package io.meshd.dataplane.sys;

import org.jspecify.annotations.NullMarked;
