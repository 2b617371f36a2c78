@NullMarked
package io.meshd.cli.format;

import org.jspecify.annotations.NullMarked;
