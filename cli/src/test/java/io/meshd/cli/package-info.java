@NullMarked
package io.meshd.cli;

import org.jspecify.annotations.NullMarked;
