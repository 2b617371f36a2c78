/** Tables, Go templates and human words, as Docker prints them. Knows no API calls. */
@NullMarked
package io.meshd.cli.format;

import org.jspecify.annotations.NullMarked;
