package io.meshd.daemon.command;

import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;

/** Where commands go in on a manager. Blocking: call from a virtual thread. */
public interface Proposer {

  /**
   * Proposes and waits. An {@link Outcome.Refused} is an answer, not an exception; when no leader
   * answers, the outcome is Refused with UNAVAILABLE and says so.
   */
  Outcome propose(Command command);

  /**
   * Waits until {@link #state} holds every change that was acknowledged anywhere before this call:
   * a read after that is linearizable. False when no leader is there that has a majority.
   */
  boolean confirm();

  /** The newest version applied on this node. */
  ClusterState state();
}
