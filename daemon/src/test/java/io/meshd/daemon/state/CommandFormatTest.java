package io.meshd.daemon.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshd.api.Nodes;
import io.meshd.api.Services;
import io.meshd.daemon.raft.ReplicatedLog;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Managers of two versions on one log. */
class CommandFormatTest {
  private static final String AT = "2026-01-01T00:00:00Z";

  /** Of the next version: known there, and not here. */
  private static final byte[] LATER =
      "{\"type\":\"later\",\"at\":\"2026-01-01T00:00:00Z\",\"format\":5}".getBytes(UTF_8);

  private static final Set<String> FIRST =
      Set.of(
          "AdvanceKeyRotation",
          "AssignTasks",
          "AttachEndpoint",
          "CreateTasks",
          "DescribeNode",
          "DetachEndpoint",
          "FinishAuthority",
          "InitCluster",
          "RemoveNetwork",
          "RemoveNode",
          "RemoveService",
          "RemoveTasks",
          "ReportTasks",
          "RequestKeyRotation",
          "RestoreState",
          "RotateAuthority",
          "RotateToken",
          "SetDesiredState",
          "SetNodeStatus",
          "SetUnlockKey",
          "SetUpdateStatus",
          "TakeOver",
          "UpdateCluster",
          "UpdateNodeSpec",
          "UpsertNode");

  private final StateMachine machine = new StateMachine();

  @BeforeEach
  void begin() {
    var _ =
        machine.apply(
            new Command.InitCluster(
                AT, "c", "ingress", List.of(), 0, 0, "WT", "MT", null, null, null));
  }

  @Test
  void whatOneManagerDoesNotKnowIsRefusedByAllAlike() {
    manager("m1", 1);
    manager("m2", 1);
    manager("m1", 2);
    long version = machine.state().version();
    assertInstanceOf(Outcome.Refused.class, StateCodec.decodeOutcome(machine.apply(LATER)));
    assertEquals(version, machine.state().version());
  }

  @Test
  void whatOthersApplyIsNotPassedOver() {
    manager("m1", 5);
    manager("m2", 5);
    long version = machine.state().version();
    assertThrows(ReplicatedLog.LaterFormatException.class, () -> machine.apply(LATER));
    assertEquals(version, machine.state().version());
  }

  @Test
  void aManagerThatKnowsLessIsNotLetIn() {
    manager("m1", 2);
    assertEquals(
        "the managers of this swarm use log format 2, and the meshd of m2 knows no more than 1:"
            + " upgrade it first",
        assertInstanceOf(Outcome.Refused.class, upsert("m2", "manager", 1)).message());
    assertInstanceOf(Outcome.Done.class, upsert("w1", "worker", 1));
    assertInstanceOf(Outcome.Done.class, upsert("m2", "manager", 2));
    // Nor does one of them become older than what may be in the log.
    assertInstanceOf(Outcome.Refused.class, upsert("m2", "manager", 1));
    assertInstanceOf(Outcome.Done.class, upsert("m2", "manager", 3));
    assertEquals(2, CommandFormat.agreed(machine.state()));
  }

  @Test
  void withTheLastManagerUpgradedTheNewFormatIsAgreedOn() {
    manager("m1", 1);
    manager("m2", 1);
    assertInstanceOf(Outcome.Done.class, upsert("m1", "manager", 2));
    assertEquals(1, CommandFormat.agreed(machine.state()));
    assertInstanceOf(Outcome.Done.class, upsert("m2", "manager", 2));
    assertEquals(2, CommandFormat.agreed(machine.state()));
  }

  @Test
  void aWorkerThatKnowsLessIsNotPromoted() {
    manager("m1", 1);
    assertInstanceOf(Outcome.Done.class, upsert("w1", "worker", 1));
    assertInstanceOf(Outcome.Done.class, upsert("m1", "manager", 2));
    assertInstanceOf(Outcome.Refused.class, promote("w1"));
    assertInstanceOf(
        Outcome.Done.class, machine.apply(new Command.DescribeNode(AT, "w1", described("w1", 2))));
    assertInstanceOf(Outcome.Done.class, promote("w1"));
    assertInstanceOf(
        Outcome.Refused.class,
        machine.apply(new Command.DescribeNode(AT, "w1", described("w1", 1))));
    assertEquals(2, CommandFormat.agreed(machine.state()));
  }

  private Outcome promote(String id) {
    NodeRecord node = machine.state().nodes().get(id);
    return machine.apply(
        new Command.UpdateNodeSpec(
            AT,
            id,
            node == null ? 0 : node.version(),
            new Nodes.NodeSpec(null, Map.of(), "manager", "active")));
  }

  @Test
  void servicesOfContainersAreOfALaterFormatThanThoseOfProcesses() {
    assertEquals(1, new Command.CreateService(AT, "s", TestCluster.spec("web", 1)).format());
    Services.ServiceSpec container =
        TestCluster.spec("web", 1)
            .withTaskTemplate(
                TestCluster.spec("web", 1)
                    .taskTemplate()
                    .with(TestCluster.spec("web", 1).taskTemplate().containerSpec(), null));
    assertEquals(2, new Command.UpdateService(AT, "s", 1, container, null).format());
  }

  /** A command that is not here is of a later format where it needs one, and says so. */
  @Test
  void commandsOfTheFirstFormat() {
    Set<String> first = new TreeSet<>();
    for (Class<?> command : Command.class.getPermittedSubclasses()) {
      try {
        if (command.getMethod("format").getDeclaringClass() == Command.class) {
          first.add(command.getSimpleName());
        }
      } catch (NoSuchMethodException e) {
        throw new AssertionError(e);
      }
    }
    assertEquals(FIRST, first);
  }

  @Test
  void aNodeSaysItsOwn() {
    assertEquals(
        CommandFormat.CURRENT,
        CommandFormat.of(
            new Nodes.NodeDescription(
                "n",
                new Nodes.Platform("x86_64", "linux"),
                new Nodes.Resources(0, 0),
                new Nodes.Engine("1", CommandFormat.labels()))));
  }

  private void manager(String id, int format) {
    assertInstanceOf(Outcome.Done.class, upsert(id, "manager", format));
  }

  private Outcome upsert(String id, String role, int format) {
    return machine.apply(
        new Command.UpsertNode(
            AT,
            id,
            new Nodes.NodeSpec(null, Map.of(), role, "active"),
            described(id, format),
            "10.99.0.1",
            "10.99.0.1:2377"));
  }

  private static Nodes.NodeDescription described(String id, int format) {
    return new Nodes.NodeDescription(
        id,
        new Nodes.Platform("x86_64", "linux"),
        new Nodes.Resources(0, 0),
        new Nodes.Engine("1", format == 1 ? null : Map.of("meshd.log-format", "" + format)));
  }
}
