package io.meshd.cli.command;

import io.meshd.cli.http.ApiClient;
import java.io.InputStream;
import java.io.PrintStream;

/**
 * One run of meshctl.
 *
 * @param terminal whether {@code out} is a terminal
 */
public record Session(
    ApiClient api, InputStream in, PrintStream out, PrintStream err, boolean terminal) {}
