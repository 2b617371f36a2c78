package io.meshd.daemon.rest;

import io.meshd.daemon.http.Exchange;

/** Carries an exchange to the leader over mTLS: same method, path, query and body; streams too. */
@FunctionalInterface
public interface LeaderForward {

  /**
   * Answers the exchange with what the leader answers; blocks until it has ended.
   *
   * @throws Exception an {@link io.meshd.daemon.http.ApiException} when the leader does not answer
   */
  void forward(Exchange exchange) throws Exception;
}
