/**
 * Words on the command line: pflag's flags and the values Docker's flags take. Knows no API calls.
 */
@NullMarked
package io.meshd.cli.grammar;

import org.jspecify.annotations.NullMarked;
