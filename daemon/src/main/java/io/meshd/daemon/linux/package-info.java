/**
 * Links, addresses, routes, NAT, namespaces through ip and nft, one call per change set. No policy.
 */
@NullMarked
package io.meshd.daemon.linux;

import org.jspecify.annotations.NullMarked;
