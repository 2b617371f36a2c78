/** Programs that tests run as tasks, each in a JVM of its own; they know nothing of meshd. */
@NullMarked
package io.meshd.testcluster.peer;

import org.jspecify.annotations.NullMarked;
