/**
 * Who changed what: one line per change of the cluster's state, asked for and done or refused. Must
 * not know routes, nor how a request came.
 */
@NullMarked
package io.meshd.daemon.audit;

import org.jspecify.annotations.NullMarked;
