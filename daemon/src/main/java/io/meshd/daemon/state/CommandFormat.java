package io.meshd.daemon.state;

import io.meshd.api.Nodes;
import io.meshd.daemon.raft.ReplicatedLog;
import java.util.Map;

/**
 * Which entries of the log a manager knows, as one number that grows with every command, field or
 * meaning that comes after the first release. A manager says its own in its description; all know
 * the lowest of them.
 *
 * <p>That is what makes an upgrade of one manager after the other safe. An entry of a later format
 * than all know is refused by every manager, also by one that could not read it: the rule needs the
 * number and the state alone. Nobody lowers what all know: a node that knows less is not made a
 * manager, and a manager's description never falls behind. So one that meets an entry which others
 * apply and it cannot know is an older meshd on a newer one's disk. It stops there, instead of
 * coming to another state.
 */
public final class CommandFormat {
  private CommandFormat() {}

  /**
   * Tasks that are containers, with all that a spec says of those and what their images are pulled
   * with; containers as endpoints.
   */
  static final int CONTAINERS = 2;

  /** Networks of a Docker Swarm. */
  static final int SWARM_NETWORKS = 3;

  /** Networks with IPv6. */
  static final int IPV6_NETWORKS = 4;

  /** What this meshd knows: entries of formats up to here. */
  public static final int CURRENT = IPV6_NETWORKS;

  /** Of managers that say none, and of entries that carry none. */
  static final int FIRST = 1;

  private static final String LABEL = "meshd.log-format";

  /** What a node says of itself, among its engine's labels. */
  public static Map<String, String> labels() {
    return Map.of(LABEL, Integer.toString(CURRENT));
  }

  static int of(Nodes.NodeDescription description) {
    Nodes.Engine engine = description.engine();
    Map<String, String> labels = engine == null ? null : engine.labels();
    String said = labels == null ? null : labels.get(LABEL);
    return said != null && said.matches("[1-9]\\d{0,5}") ? Integer.parseInt(said) : FIRST;
  }

  /** The highest format that all managers know; no bound before there are managers. */
  public static int agreed(ClusterState state) {
    return agreed(state.nodes().values());
  }

  private static int agreed(Iterable<NodeRecord> nodes) {
    int lowest = Integer.MAX_VALUE;
    for (NodeRecord node : nodes) {
      if (node.manager()) {
        lowest = Math.min(lowest, of(node.description()));
      }
    }
    return lowest;
  }

  /** The answer to a change that some managers could not follow. */
  public static Outcome.Refused tooNew(int format, int agreed) {
    return new Outcome.Refused(
        Outcome.Reason.FAILED_PRECONDITION,
        "this change needs managers that know log format "
            + format
            + ", and some of this swarm know no more than "
            + agreed
            + ": upgrade all managers first");
  }

  /**
   * @param what it is, as a sentence begins
   * @throws ReplicatedLog.LaterFormatException in words for the operator
   */
  static void requireKnown(String what, int format) {
    if (format > CURRENT) {
      throw new ReplicatedLog.LaterFormatException(
          what
              + " has format "
              + format
              + ", and this meshd knows formats up to "
              + CURRENT
              + ": install the version of the other managers, or a later one");
    }
  }

  /** Whoever is to be a manager knows what the managers may have written. */
  static void requireManager(Iterable<NodeRecord> nodes, Nodes.NodeDescription description) {
    int agreed = agreed(nodes);
    int own = of(description);
    if (agreed != Integer.MAX_VALUE && own < agreed) {
      throw new Refusal(
          Outcome.Reason.FAILED_PRECONDITION,
          "the managers of this swarm use log format "
              + agreed
              + ", and the meshd of "
              + description.hostname()
              + " knows no more than "
              + own
              + ": upgrade it first");
    }
  }
}
