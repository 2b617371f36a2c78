@NullMarked
package io.meshd.api;

import org.jspecify.annotations.NullMarked;
