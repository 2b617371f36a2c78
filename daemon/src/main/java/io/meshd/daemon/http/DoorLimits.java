package io.meshd.daemon.http;

import java.time.Duration;

/**
 * What a door of the network grants those who have not shown who they are (strangers), and how long
 * anybody's request may take to arrive.
 *
 * @param strangers connections of strangers at once; one more pushes out the oldest of the source
 *     that has the most
 * @param perSource of them from one address (IPv6: one /64); one more pushes out the oldest
 * @param perSecond new ones from one address, in the long run; those who turn out to be nodes do
 *     not count
 * @param burst new ones from one address at once
 * @param handshake for TLS to be agreed on
 * @param head for a request's line and headers, from their first byte; from the handshake on for a
 *     stranger
 * @param body for the rest of a request
 * @param stranger for all of a stranger's connection
 */
public record DoorLimits(
    int strangers,
    int perSource,
    int perSecond,
    int burst,
    Duration handshake,
    Duration head,
    Duration body,
    Duration stranger) {

  /** About 150 KiB each at the worst: 75 MiB. */
  public static final DoorLimits ORDINARY =
      new DoorLimits(
          512,
          64,
          50,
          200,
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(20),
          Duration.ofSeconds(45));

  /** Where everybody is a stranger, and may ask many times on one connection: health checks. */
  static final DoorLimits PLAIN =
      new DoorLimits(
          512,
          256,
          1000,
          1000,
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(20),
          Duration.ofDays(365));
}
