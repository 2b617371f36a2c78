/**
 * UDP between VTEPs: one socket to receive, a few to send, in batches that the kernel cuts and
 * joins. Knows no networks and no tables.
 */
@NullMarked
package io.meshd.dataplane.underlay;

import org.jspecify.annotations.NullMarked;
