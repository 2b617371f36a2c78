@NullMarked
package io.meshd.cli.grammar;

import org.jspecify.annotations.NullMarked;
