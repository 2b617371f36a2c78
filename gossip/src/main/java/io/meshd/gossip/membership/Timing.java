package io.meshd.gossip.membership;

import java.time.Duration;

/**
 * Intervals and factors. {@link #lan} are memberlist's for a local network; all members of a
 * cluster should have the same.
 *
 * @param probeInterval one member is probed in each
 * @param probeTimeout an ack that comes later is asked for through others
 * @param indirectProbes through so many
 * @param gossipInterval between two rounds in which news is told
 * @param gossipFanout to so many members in a round
 * @param gossipToTheDead news still goes to a dead member for so long: it may be wrongly accused
 * @param pushPullInterval whole states are exchanged with a random member; longer from 32 members
 *     on
 * @param reconnectInterval a dead member or a seed that is not a member is tried in each
 * @param forgetAfter a dead member is forgotten, and what it published
 * @param forgetLeftAfter one that left
 * @param retransmitMult news is told {@code retransmitMult * ceil(log10(n + 1))} times by each
 * @param suspicionMult a suspect has at least {@code suspicionMult * max(1, log10(n))} probe
 *     intervals to say that it lives
 * @param suspicionMaxMult and at most so many times that, while nobody else suspects it
 * @param awarenessMax a node's own ill health is counted from 0 to one less
 */
public record Timing(
    Duration probeInterval,
    Duration probeTimeout,
    int indirectProbes,
    Duration gossipInterval,
    int gossipFanout,
    Duration gossipToTheDead,
    Duration pushPullInterval,
    Duration reconnectInterval,
    Duration forgetAfter,
    Duration forgetLeftAfter,
    int retransmitMult,
    int suspicionMult,
    int suspicionMaxMult,
    int awarenessMax) {

  public static Timing lan() {
    return new Timing(
        Duration.ofSeconds(1),
        Duration.ofMillis(500),
        3,
        Duration.ofMillis(200),
        3,
        Duration.ofSeconds(30),
        Duration.ofSeconds(30),
        Duration.ofSeconds(2),
        Duration.ofMinutes(30),
        Duration.ofSeconds(30),
        4,
        4,
        6,
        8);
  }

  /** Least time of a suspect in a cluster of n, in nanoseconds. */
  public long suspicionMin(int n) {
    double nodeScale = Math.max(1, Math.log10(Math.max(1, n)));
    return (long) (suspicionMult * nodeScale * probeInterval.toNanos());
  }

  /**
   * Time of a suspect, in nanoseconds since it was first suspected (Lifeguard, section IV.B).
   *
   * @param confirmations others who suspect it too
   * @param n members
   */
  public long suspicion(int confirmations, int n) {
    long min = suspicionMin(n);
    int wanted = confirmationsWanted(n);
    if (wanted < 1) {
      return min;
    }
    long max = min * suspicionMaxMult;
    double share = Math.log(confirmations + 1.0) / Math.log(wanted + 1.0);
    return Math.max(min, (long) (max - share * (max - min)));
  }

  /** How many others must suspect it for the least time; 0 where there are not enough others. */
  public int confirmationsWanted(int n) {
    int wanted = suspicionMult - 2;
    return n - 2 < wanted ? 0 : wanted;
  }

  /** How often each member tells a piece of news. */
  public int retransmits(int n) {
    return retransmitMult * (int) Math.ceil(Math.log10(n + 1.0));
  }

  /** Larger clusters exchange whole states less often: twice the members, one interval more. */
  public long pushPullNanos(int n) {
    int factor = n <= 32 ? 1 : 1 + (int) Math.ceil(Math.log(n / 32.0) / Math.log(2));
    return factor * pushPullInterval.toNanos();
  }
}
