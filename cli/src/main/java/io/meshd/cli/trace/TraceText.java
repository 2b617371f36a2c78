package io.meshd.cli.trace;

import io.meshd.api.Traces;
import io.meshd.api.Traces.Backend;
import io.meshd.api.Traces.Hop;
import io.meshd.api.Traces.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** A trace for people: a line for each step, under a choice what it was made of. */
final class TraceText {
  private TraceText() {}

  static String of(Trace trace) {
    StringBuilder text = new StringBuilder();
    text.append(trace.source()).append(" -> ").append(trace.destination()).append("\n\n");
    int node = width(trace.hops().stream().map(Hop::node).toList());
    int step = width(trace.hops().stream().map(Hop::step).toList());
    for (Hop hop : trace.hops()) {
      line(text, padded(hop.node(), node) + "  " + padded(hop.step(), step) + "  " + hop.text());
      if (hop.backends() != null) {
        backends(text, " ".repeat(node + step + 4), hop.backends());
      }
    }
    line(text, (trace.hops().isEmpty() ? "" : "\n") + end(trace));
    return text.toString();
  }

  private static String end(Trace trace) {
    String meaning = Objects.requireNonNullElse(trace.meaning(), "");
    return switch (trace.outcome()) {
      case ARRIVES -> "arrives";
      case LEAVES -> "leaves: " + meaning;
      case ENDS -> "ends: " + trace.reason() + " (" + meaning + ")";
    };
  }

  private static void backends(StringBuilder text, String indent, List<Backend> backends) {
    int name = width(backends.stream().map(TraceText::name).toList());
    int address = width(backends.stream().map(Backend::address).toList());
    for (Backend one : backends) {
      List<String> notes = new ArrayList<>();
      notes.add(
          "weight "
              + one.weight()
              + (one.weightNow() == 100 ? "" : " at " + one.weightNow() + " %"));
      notes.add(one.open() + " open");
      if (one.local()) {
        notes.add("on that node");
      }
      if (one.draining()) {
        notes.add("draining");
      }
      if (one.avoided()) {
        notes.add("avoided");
      }
      line(
          text,
          indent
              + (one.chosen() ? "* " : "  ")
              + padded(name(one), name)
              + "  "
              + padded(one.address(), address)
              + "  "
              + String.join(", ", notes));
    }
  }

  private static String name(Traces.Backend one) {
    return Objects.requireNonNullElse(one.name(), one.id());
  }

  private static void line(StringBuilder text, String line) {
    text.append(line).append('\n');
  }

  private static int width(List<String> words) {
    return words.stream().mapToInt(String::length).max().orElse(0);
  }

  private static String padded(String word, int width) {
    return word + " ".repeat(width - word.length());
  }
}
