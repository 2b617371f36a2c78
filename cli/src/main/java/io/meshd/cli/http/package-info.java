/** The API over its unix socket, and its errors. Knows no commands and no output. */
@NullMarked
package io.meshd.cli.http;

import org.jspecify.annotations.NullMarked;
