/** HTTP/1.1 over a unix socket, for the API and for Docker's. Knows no paths and no JSON. */
@NullMarked
package io.meshd.api.http;

import org.jspecify.annotations.NullMarked;
