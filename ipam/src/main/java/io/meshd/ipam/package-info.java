/**
 * Allocation as pure code: CIDR pools, subnets, addresses (serial), VNIs, published ports, with
 * Swarm's constants. No I/O, no clock, no randomness.
 */
@NullMarked
package io.meshd.ipam;

import org.jspecify.annotations.NullMarked;
