package io.meshd.daemon.doctor;

import io.meshd.api.Checkups;
import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Whether a long answer comes through where a short one does: segments as large as the connection
 * has agreed on, in batches that the cards cut and join. It stalls where large packets vanish
 * without ICMP, and where an offload damages them.
 */
final class BulkCheck implements Check {
  private static final int BYTES = 1 << 18;
  private static final Duration SHORT_LIMIT = Duration.ofSeconds(3);
  private static final Duration LIMIT = Duration.ofSeconds(4);

  @Override
  public String name() {
    return "bulk";
  }

  @Override
  public void look(Subject subject, Notes notes) throws IOException, InterruptedException {
    List<NodeRecord> answering = new ArrayList<>();
    for (var answer :
        EachNode.ask(subject.others(), SHORT_LIMIT, node -> subject.clocks().ask(node, 0))) {
      if (answer.answer() != null) {
        answering.add(answer.whom()); // of the others the control check speaks
      }
    }
    for (var answer : EachNode.ask(answering, LIMIT, node -> subject.clocks().ask(node, BYTES))) {
      Checkups.Time time = answer.answer();
      if (time == null || time.padding().length() != BYTES) {
        notes.error(
            "%s answers in short, and %d KiB from it do not come: %s"
                .formatted(
                    answer.whom().hostname(),
                    BYTES >> 10,
                    Objects.requireNonNullElse(answer.failure(), "they are cut short")),
            "let ICMP `fragmentation needed` pass, or make the MTU of all links between the nodes"
                + " the same; else turn offloads of the cards off one by one (`ethtool -K DEVICE"
                + " tso off gso off gro off`, tx off)");
      }
    }
    if (notes.isEmpty()) {
      notes.ok("%d KiB come from each other node (%d)".formatted(BYTES >> 10, answering.size()));
    }
  }
}
