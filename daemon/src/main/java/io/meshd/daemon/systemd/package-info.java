/** What meshd tells the service manager that started it; knows nothing of what it tells of. */
@NullMarked
package io.meshd.daemon.systemd;

import org.jspecify.annotations.NullMarked;
