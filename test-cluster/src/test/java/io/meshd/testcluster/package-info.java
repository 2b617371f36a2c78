/**
 * What a user of a cluster notices, on real nodes in namespaces. Drives the scripts of this module
 * and meshctl, and nothing below them.
 */
@NullMarked
package io.meshd.testcluster;

import org.jspecify.annotations.NullMarked;
