/** What the Debian package has that is written from the commands: manuals and completion. */
@NullMarked
package io.meshd.packaging;

import org.jspecify.annotations.NullMarked;
