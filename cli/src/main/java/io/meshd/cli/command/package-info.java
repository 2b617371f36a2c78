/** What every command shares: its arguments, the daemon it talks to, where it prints. */
@NullMarked
package io.meshd.cli.command;

import org.jspecify.annotations.NullMarked;
