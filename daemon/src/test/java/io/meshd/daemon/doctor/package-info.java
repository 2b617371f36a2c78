@NullMarked
package io.meshd.daemon.doctor;

import org.jspecify.annotations.NullMarked;
