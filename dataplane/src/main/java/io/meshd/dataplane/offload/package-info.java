/**
 * What a network card would do: a large frame cut into frames of the wire (TSO, USO) and received
 * ones joined again (GRO). Pure: knows headers, no descriptors.
 */
@NullMarked
package io.meshd.dataplane.offload;

import org.jspecify.annotations.NullMarked;
