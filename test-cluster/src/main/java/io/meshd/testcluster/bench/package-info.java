/**
 * Parts of meshd run alone, so that a benchmark can put them beside their peers. Each is a main
 * class that the scripts of this module call.
 */
@NullMarked
package io.meshd.testcluster.bench;

import org.jspecify.annotations.NullMarked;
