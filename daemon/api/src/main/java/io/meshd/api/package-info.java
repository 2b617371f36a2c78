/**
 * The API's types and paths, as JSON on the wire: Docker Engine API shapes (names, types, error
 * body) for what Docker has, ours under {@link io.meshd.api.Paths#MESH} for what it has not. Knows
 * Jackson and nothing else; holds no behaviour beyond defaults.
 */
@NullMarked
package io.meshd.api;

import org.jspecify.annotations.NullMarked;
