/**
 * Tasks of this node: processes in namespaces of their own, found again after a restart. Knows
 * neither state nor frames.
 */
@NullMarked
package io.meshd.daemon.tasks;

import org.jspecify.annotations.NullMarked;
