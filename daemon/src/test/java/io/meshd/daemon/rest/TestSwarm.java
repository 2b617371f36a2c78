package io.meshd.daemon.rest;

import io.meshd.api.Swarm;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.control.Managers;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateMachine;
import io.meshd.daemon.state.TestCluster;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A node of a cluster of three, whose log is the machine itself; or of none. */
final class TestSwarm implements SwarmControl {
  private final StateMachine machine;
  private final boolean active;
  private final boolean leads;
  private final boolean manages;

  private TestSwarm(StateMachine machine, boolean active, boolean leads) {
    this(machine, active, leads, leads);
  }

  private TestSwarm(StateMachine machine, boolean active, boolean leads, boolean manages) {
    this.manages = manages;
    this.machine = machine;
    this.active = active;
    this.leads = leads;
  }

  static TestSwarm leader(TestCluster cluster) {
    return new TestSwarm(cluster.machine(), true, true);
  }

  static TestSwarm worker(TestCluster cluster) {
    return new TestSwarm(cluster.machine(), true, false);
  }

  /** A manager that does not lead. */
  static TestSwarm follower(TestCluster cluster) {
    return new TestSwarm(cluster.machine(), true, false, true);
  }

  static TestSwarm inactive() {
    return new TestSwarm(new StateMachine(), false, false);
  }

  @Override
  public String init(Swarm.InitRequest request) {
    if (active) {
      throw new ApiException(
          503,
          "This node is already part of a swarm. Use \"docker swarm leave\" to leave this swarm and join another one.");
    }
    return "newnode";
  }

  @Override
  public void join(Swarm.JoinRequest request) {}

  @Override
  public void leave(boolean force) {
    if (!force) {
      throw new ApiException(
          503, "You are attempting to leave the swarm on a node that is a manager");
    }
  }

  @Override
  public void unlock(String key) {
    throw new ApiException(409, "swarm is not locked");
  }

  @Override
  public byte[] backup() {
    return new byte[] {1, 2, 3};
  }

  @Override
  public String restore(byte[] file) {
    throw new ApiException(400, "the file is no backup of a swarm");
  }

  @Override
  public Membership membership() {
    return active
        ? new Membership(
            "active",
            leads ? "n1" : "n2",
            leads ? "192.0.2.1" : "192.0.2.2",
            manages,
            "cluster",
            "",
            List.of("192.0.2.1:2377"))
        : new Membership("inactive", "", "", false, "", "", List.of());
  }

  @Override
  public void catchUp() {}

  @Override
  public ClusterState state() {
    return machine.state();
  }

  @Override
  public @Nullable Proposer proposer() {
    return !leads
        ? null
        : new Proposer() {
          @Override
          public boolean confirm() {
            return true;
          }

          @Override
          public Outcome propose(Command command) {
            return machine.apply(command);
          }

          @Override
          public ClusterState state() {
            return machine.state();
          }
        };
  }

  @Override
  public @Nullable Managers managers() {
    return leads ? new Managers(Map.of("n1", true)) : null;
  }

  @Override
  public @Nullable String leaderAddress() {
    return active ? "192.0.2.1:2377" : null;
  }
}
