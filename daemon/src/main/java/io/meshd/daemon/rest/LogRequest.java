package io.meshd.daemon.rest;

import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;

/**
 * What a client wants of a log.
 *
 * @param tail last lines of each task to begin with, negative for all
 */
record LogRequest(boolean stdout, boolean stderr, boolean follow, boolean details, int tail) {

  /**
   * @throws ApiException 400 for what is not allowed, or not kept
   */
  static LogRequest of(Exchange exchange) {
    LogRequest request =
        new LogRequest(
            exchange.flag("stdout"),
            exchange.flag("stderr"),
            exchange.flag("follow"),
            exchange.flag("details"),
            tail(exchange));
    if (!request.stdout() && !request.stderr()) {
      throw new ApiException(400, "Bad parameters: you must choose at least one stream");
    }
    if (exchange.flag("timestamps")) {
      throw new ApiException(400, "the time of each line is not kept: ask without timestamps");
    }
    return request;
  }

  static int tail(Exchange exchange) {
    String text = exchange.query("tail");
    if (text == null || text.isEmpty() || text.equals("all")) {
      return -1;
    }
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException _) {
      throw new ApiException(400, "invalid tail '%s': all or a number".formatted(text));
    }
  }

  boolean wants(boolean isStderr) {
    return isStderr ? stderr : stdout;
  }
}
