/**
 * What Docker's client knows of registries: the logins in its {@code config.json}, and the programs
 * that keep them elsewhere. Knows nothing of services.
 */
@NullMarked
package io.meshd.cli.registry;

import org.jspecify.annotations.NullMarked;
