/** {@code meshctl endpoint ...}: endpoints that somebody else runs. */
@NullMarked
package io.meshd.cli.endpoint;

import org.jspecify.annotations.NullMarked;
