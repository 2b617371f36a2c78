@NullMarked
package io.meshd.cli.registry;

import org.jspecify.annotations.NullMarked;
