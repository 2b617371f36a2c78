@NullMarked
package io.meshd.cli.http;

import org.jspecify.annotations.NullMarked;
