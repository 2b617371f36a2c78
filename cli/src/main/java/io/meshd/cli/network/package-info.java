/** {@code meshctl network ...}. */
@NullMarked
package io.meshd.cli.network;

import org.jspecify.annotations.NullMarked;
