/**
 * Published ports: listeners in the host namespace, upstream connections over the overlay from the
 * node namespace, balancing between them. Knows neither state nor frames.
 */
@NullMarked
package io.meshd.daemon.ingress;

import org.jspecify.annotations.NullMarked;
