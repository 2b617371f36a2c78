package io.meshd.daemon.state;

/** Which function applies which command. */
final class Transitions {
  private Transitions() {}

  /**
   * @return the ID of what was made or changed; empty for batches
   * @throws Refusal when nothing is to change
   */
  static String apply(Draft draft, Command command) {
    if (command instanceof Command.RestoreState restore) {
      return RestoredState.apply(draft, restore);
    }
    if (!(command instanceof Command.InitCluster)) {
      draft.requireCluster();
    }
    String id = change(draft, command);
    NodeNumbers.complete(draft);
    return id;
  }

  private static String change(Draft draft, Command command) {
    return switch (command) {
      case Command.InitCluster c -> ClusterTransitions.init(draft, c);
      case Command.RotateAuthority c -> ClusterTransitions.rotateAuthority(draft, c);
      case Command.FinishAuthority c -> ClusterTransitions.finishAuthority(draft, c);
      case Command.DescribeNode c -> NodeTransitions.describe(draft, c);
      case Command.RotateToken c -> ClusterTransitions.rotate(draft, c);
      case Command.SetUnlockKey c -> ClusterTransitions.lock(draft, c);
      case Command.UpdateCluster c -> ClusterTransitions.update(draft, c);
      case Command.RequestKeyRotation c -> KeyTransitions.request(draft, c);
      case Command.AdvanceKeyRotation c -> KeyTransitions.advance(draft, c);
      case Command.RestoreState c -> RestoredState.apply(draft, c);
      case Command.TakeOver c -> NodeTransitions.takeOver(draft, c);
      case Command.UpsertNode c -> NodeTransitions.upsert(draft, c);
      case Command.SetNodeStatus c -> NodeTransitions.setStatus(draft, c);
      case Command.UpdateNodeSpec c -> NodeTransitions.updateSpec(draft, c);
      case Command.RemoveNode c -> NodeTransitions.remove(draft, c);
      case Command.CreateNetwork c -> NetworkTransitions.create(draft, c);
      case Command.RemoveNetwork c -> NetworkTransitions.remove(draft, c);
      case Command.AdoptNetwork c -> SwarmTransitions.adopt(draft, c);
      case Command.FollowServices c -> SwarmTransitions.follow(draft, c);
      case Command.CreateService c -> ServiceTransitions.create(draft, c);
      case Command.UpdateService c -> ServiceTransitions.update(draft, c);
      case Command.SetUpdateStatus c -> ServiceTransitions.setUpdateStatus(draft, c);
      case Command.RemoveService c -> ServiceTransitions.remove(draft, c);
      case Command.CreateTasks c -> TaskTransitions.create(draft, c);
      case Command.AssignTasks c -> TaskTransitions.assign(draft, c);
      case Command.SetDesiredState c -> TaskTransitions.setDesiredState(draft, c);
      case Command.ReportTasks c -> TaskTransitions.report(draft, c);
      case Command.RemoveTasks c -> TaskTransitions.remove(draft, c);
      case Command.AttachEndpoint c -> EndpointTransitions.attach(draft, c);
      case Command.DetachEndpoint c -> EndpointTransitions.detach(draft, c);
      case Command.AttachContainer c -> EndpointTransitions.attachContainer(draft, c);
      case Command.NameContainers c -> EndpointTransitions.nameContainers(draft, c);
    };
  }
}
