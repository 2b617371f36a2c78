/** memberlist's protocol as a library. Knows no networks and no services: payloads are opaque. */
@NullMarked
package io.meshd.gossip;

import org.jspecify.annotations.NullMarked;
