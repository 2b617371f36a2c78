package io.meshd.daemon;

import io.meshd.daemon.control.Managers;

/** Why a manager does not leave without {@code --force} (moby daemon/cluster/swarm.go, Leave). */
final class LeaveWarning {
  private LeaveWarning() {}

  static String of(ManagerMember manager) {
    StringBuilder text =
        new StringBuilder(
            "You are attempting to leave the swarm on a node that is participating as a manager. ");
    Managers seen = manager.managersSeen();
    int all = manager.managers().size();
    if (all == 1) {
      return text.append("Removing the last manager erases all current state of the swarm. Use")
          .append(" `--force` to ignore this message. ")
          .toString();
    }
    if (!manager.error().isEmpty()) {
      text.append("Doing so may lose the consensus of your cluster. ");
    } else if (seen != null && !seen.canLose(manager.identity().nodeId())) {
      text.append("Removing this node leaves ")
          .append(seen.answering(manager.identity().nodeId()))
          .append(" managers out of ")
          .append(all)
          .append(". Without a Raft quorum your swarm will be inaccessible. ");
    }
    return text.append("The only way to restore a swarm that has lost consensus is to reinitialize")
        .append(" it with `--force-new-cluster`. Use `--force` to suppress this message.")
        .toString();
  }
}
