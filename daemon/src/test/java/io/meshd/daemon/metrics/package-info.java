@NullMarked
package io.meshd.daemon.metrics;

import org.jspecify.annotations.NullMarked;
