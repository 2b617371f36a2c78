/** {@code meshctl gossip ...}: the cluster as this node sees it by gossip. */
@NullMarked
package io.meshd.cli.gossip;

import org.jspecify.annotations.NullMarked;
