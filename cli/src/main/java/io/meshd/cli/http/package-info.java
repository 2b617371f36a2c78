/** HTTP/1.1 over a unix socket, and the API's errors. Knows no commands and no output. */
@NullMarked
package io.meshd.cli.http;

import org.jspecify.annotations.NullMarked;
