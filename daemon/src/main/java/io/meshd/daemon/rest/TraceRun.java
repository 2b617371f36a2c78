package io.meshd.daemon.rest;

import io.meshd.api.Traces;
import io.meshd.api.Traces.Backend;
import io.meshd.api.Traces.End;
import io.meshd.api.Traces.Hop;
import io.meshd.api.Traces.Outcome;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One trace while it is made: what was said so far, and the nodes that are asked. */
final class TraceRun {
  private final ClusterState state;
  private final TracePlaces places;
  private final NodeQuestions nodes;
  private final List<Hop> hops = new ArrayList<>();

  /** The way ends here, or leaves what meshd does. */
  static final class Stop extends Exception {
    private static final long serialVersionUID = 1L;

    final Outcome outcome;
    final @Nullable String reason;

    Stop(Outcome outcome, @Nullable String reason, String meaning) {
      super(meaning);
      this.outcome = outcome;
      this.reason = reason;
    }
  }

  TraceRun(ClusterState state, NodeQuestions nodes) {
    this.state = state;
    this.places = new TracePlaces(state);
    this.nodes = nodes;
  }

  TracePlaces places() {
    return places;
  }

  List<Hop> hops() {
    return hops;
  }

  /** Of a node, about its own part. */
  Traces.Found ask(String nodeId, Traces.Question question) throws Stop, InterruptedException {
    try {
      return nodes.ask(node(nodeId), question);
    } catch (IOException e) {
      hop(nodeId, "switch", String.valueOf(e.getMessage()));
      throw end(End.NODE_SILENT);
    }
  }

  NodeRecord node(String id) throws Stop {
    NodeRecord node = state.nodes().get(id);
    if (node == null) {
      throw end(End.NODE_SILENT);
    }
    return node;
  }

  static Stop end(End end) {
    return new Stop(Outcome.ENDS, end.word(), end.meaning());
  }

  void hop(String nodeId, String step, String text) {
    hops.add(new Hop(places.hostname(nodeId), step, text, null));
  }

  void hop(String nodeId, String step, String text, List<Backend> backends) {
    hops.add(new Hop(places.hostname(nodeId), step, text, backends));
  }

  /** With the names that the state has for them. */
  List<Backend> named(@Nullable List<Backend> backends) {
    return backends == null
        ? List.of()
        : backends.stream()
            .map(
                one ->
                    new Backend(
                        one.id(),
                        places.name(one.id()),
                        one.address(),
                        one.weight(),
                        one.weightNow(),
                        one.open(),
                        one.draining(),
                        one.local(),
                        one.avoided(),
                        one.chosen()))
            .toList();
  }

  static String nameOf(Backend backend) {
    return Objects.requireNonNullElse(backend.name(), backend.id());
  }

  static String how(boolean byClient, String what) {
    return byClient ? "by the client's address" : "of two by fewest open " + what;
  }
}
