/**
 * What a network card would do: a large TCP frame cut into frames of the wire (TSO) and received
 * ones joined again (GRO). Pure: knows headers, no descriptors.
 */
@NullMarked
package io.meshd.dataplane.offload;

import org.jspecify.annotations.NullMarked;
