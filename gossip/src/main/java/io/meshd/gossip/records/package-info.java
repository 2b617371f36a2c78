/**
 * Records that one member owns and others follow. Only the owner makes versions; gossip brings
 * changes quickly, and digests find what gossip missed. Topics, keys and values are opaque.
 */
@NullMarked
package io.meshd.gossip.records;

import org.jspecify.annotations.NullMarked;
