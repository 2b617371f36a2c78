/**
 * Makes this node match the state: task namespaces, TAPs, forwarding tables, listeners. Reads
 * state, drives tasks, ingress and the data plane; proposes nothing.
 */
@NullMarked
package io.meshd.daemon.reconcile;

import org.jspecify.annotations.NullMarked;
