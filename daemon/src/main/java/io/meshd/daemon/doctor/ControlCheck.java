package io.meshd.daemon.doctor;

import io.meshd.api.Checkups;
import io.meshd.daemon.state.NodeRecord;
import java.time.Duration;

/** :2377 of every other node, by a question over mTLS, and whom it takes this node for. */
final class ControlCheck implements Check {
  private static final Duration LIMIT = Duration.ofSeconds(5);

  @Override
  public String name() {
    return "control";
  }

  @Override
  public void look(Subject subject, Notes notes) throws InterruptedException {
    NodeRecord self = subject.self();
    String own = self == null ? "" : Subject.addressOf(self);
    int well = 0;
    for (var answer :
        EachNode.ask(subject.others(), LIMIT, node -> subject.clocks().ask(node, 0))) {
      NodeRecord node = answer.whom();
      Checkups.Time time = answer.answer();
      if (time == null) {
        notes.error(
            "TCP %s of %s does not answer: %s"
                .formatted(node.controlAddress(), node.hostname(), answer.failure()),
            "let TCP %s pass from %s to %s, and see that meshd runs there"
                .formatted(portOf(node), own, Subject.addressOf(node)));
        continue;
      }
      well++;
      if (!own.isEmpty() && !time.seen().equals(own)) {
        notes.note(
            "%s sees this node as %s, which advertises %s"
                .formatted(node.hostname(), time.seen(), own),
            "where that is address translation, take it away between the nodes");
      }
    }
    if (well == subject.others().size()) {
      notes.ok("all other nodes answer over mTLS (%d)".formatted(well));
    }
  }

  private static String portOf(NodeRecord node) {
    return node.controlAddress().substring(node.controlAddress().lastIndexOf(':') + 1);
  }
}
