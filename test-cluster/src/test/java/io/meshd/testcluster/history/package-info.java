/**
 * What clients saw of a cluster, and whether that can have been: recorded operations and the checks
 * on them. Pure; knows no cluster.
 */
@NullMarked
package io.meshd.testcluster.history;

import org.jspecify.annotations.NullMarked;
