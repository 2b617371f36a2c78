/**
 * TAP devices: opening and re-attaching them, and the virtio header before each of their frames.
 * Knows no tables.
 */
@NullMarked
package io.meshd.dataplane.tap;

import org.jspecify.annotations.NullMarked;
