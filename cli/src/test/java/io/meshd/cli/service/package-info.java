@NullMarked
package io.meshd.cli.service;

import org.jspecify.annotations.NullMarked;
