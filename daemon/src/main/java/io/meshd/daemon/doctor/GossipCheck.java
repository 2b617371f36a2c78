package io.meshd.daemon.doctor;

import io.meshd.daemon.doctor.Subject.Reached;
import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;

/** Gossip's port: a packet and a stream to every other node, each answered by its gossip. */
final class GossipCheck implements Check {
  private static final Duration ANSWER = Duration.ofSeconds(2);
  private static final Duration LIMIT = Duration.ofSeconds(6);

  @Override
  public String name() {
    return "gossip";
  }

  @Override
  public void look(Subject subject, Notes notes) throws InterruptedException {
    int port = subject.gossipPort();
    int well = 0;
    for (var answer : EachNode.ask(subject.others(), LIMIT, node -> reach(subject, node))) {
      Reached reach = answer.answer() == null ? new Reached(false, false) : answer.answer();
      if (reach.udp() && reach.tcp()) {
        well++;
        continue;
      }
      String ways = reach.udp() ? "TCP" : reach.tcp() ? "UDP" : "UDP nor on TCP";
      notes.error(
          "%s does not answer on %s %d%s"
              .formatted(
                  Subject.named(answer.whom()),
                  ways,
                  port,
                  reach.udp() || reach.tcp() ? ", but it does on the other" : ""),
          "let UDP and TCP %d pass both ways between the nodes".formatted(port));
    }
    if (notes.isEmpty()) {
      notes.ok("UDP and TCP %d of all other nodes answer (%d)".formatted(port, well));
    }
  }

  /** Twice, as one packet may be lost. */
  private static Reached reach(Subject subject, NodeRecord node)
      throws IOException, InterruptedException {
    Reached first = once(subject, node);
    if (first.udp() && first.tcp()) {
      return first;
    }
    Reached second = once(subject, node);
    return new Reached(first.udp() || second.udp(), first.tcp() || second.tcp());
  }

  private static Reached once(Subject subject, NodeRecord node)
      throws IOException, InterruptedException {
    try {
      return subject.members().reach(node.id(), ANSWER).get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    }
  }
}
