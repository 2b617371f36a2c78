/**
 * What this node finds when it looks at itself and at its ways to the other nodes. Each check asks
 * the part that does the work, or the kernel; nothing is changed, and nobody else is judged.
 */
@NullMarked
package io.meshd.daemon.doctor;

import org.jspecify.annotations.NullMarked;
