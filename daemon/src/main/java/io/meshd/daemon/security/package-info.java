/** The cluster CA, certificates, join tokens and TLS contexts. Knows no network and no state. */
@NullMarked
package io.meshd.daemon.security;

import org.jspecify.annotations.NullMarked;
