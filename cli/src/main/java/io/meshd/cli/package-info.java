/** meshctl: Docker's grammar, one class per noun, over the API. No Netty, no state of its own. */
@NullMarked
package io.meshd.cli;

import org.jspecify.annotations.NullMarked;
