@NullMarked
package io.meshd.api.http;

import org.jspecify.annotations.NullMarked;
