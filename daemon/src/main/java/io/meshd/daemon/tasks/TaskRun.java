package io.meshd.daemon.tasks;

/**
 * One run of a task that was started more than once, as far as restarts are concerned.
 *
 * @param from when its command was started, or when that failed; RFC 3339, as {@code to}
 * @param to when it ended
 * @param end how
 */
public record TaskRun(String from, String to, TaskStatus.Phase end) {}
