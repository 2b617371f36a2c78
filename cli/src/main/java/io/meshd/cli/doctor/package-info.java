/** What is wrong with the nodes and between them. */
@NullMarked
package io.meshd.cli.doctor;

import org.jspecify.annotations.NullMarked;
