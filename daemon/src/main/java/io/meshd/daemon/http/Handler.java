package io.meshd.daemon.http;

/** Handles one exchange; an {@link ApiException} becomes its answer, anything else a 500. */
@FunctionalInterface
public interface Handler {
  void handle(Exchange exchange) throws Exception;
}
