package io.meshd.daemon.control;

import java.util.Map;

/**
 * The managers as their log has them at this moment, seen by the leader.
 *
 * @param reachable node ID of every member to whether it answers
 */
public record Managers(Map<String, Boolean> reachable) {

  public Managers {
    reachable = Map.copyOf(reachable);
  }

  public boolean isMember(String nodeId) {
    return reachable.containsKey(nodeId);
  }

  public boolean answers(String nodeId) {
    return reachable.getOrDefault(nodeId, false);
  }

  /** Whether those that answer are still a majority when this one is gone (swarmkit's rule). */
  public boolean canLose(String nodeId) {
    long rest = reachable.keySet().stream().filter(id -> !id.equals(nodeId)).count();
    return rest > 0 && answering(nodeId) > rest / 2;
  }

  /** How many others answer. */
  public int answering(String besides) {
    return (int)
        reachable.entrySet().stream()
            .filter(member -> !member.getKey().equals(besides) && member.getValue())
            .count();
  }
}
