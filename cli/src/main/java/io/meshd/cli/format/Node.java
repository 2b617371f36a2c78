package io.meshd.cli.format;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tree of a parsed template. */
sealed interface Node {
  record Text(String text) implements Node {}

  /** {@code {{pipeline}}}, {@code {{$x := pipeline}}}. */
  record Action(Pipeline pipeline) implements Node {}

  record If(Pipeline condition, List<Node> then, List<Node> otherwise) implements Node {}

  record With(Pipeline value, List<Node> then, List<Node> otherwise) implements Node {}

  record Range(Pipeline values, List<Node> body, List<Node> otherwise) implements Node {}

  /** Commands joined by {@code |}; {@code variables} are those that {@code :=} declares. */
  record Pipeline(List<String> variables, List<Command> commands) {}

  /** An operand, or a function with its arguments. */
  record Command(List<Operand> operands) {}

  sealed interface Operand {
    /** Offset in the template's text. */
    int position();

    record Literal(@Nullable Object value, int position) implements Operand {}

    record Function(String name, int position) implements Operand {}

    /** {@code .A.B}, {@code $x.A}, {@code (pipeline).A}; a null base is the dot. */
    record Path(@Nullable Base base, List<String> fields, int position) implements Operand {
      String text() {
        String start = base instanceof Base.Variable v ? v.name() : base == null ? "" : "(...)";
        return fields.isEmpty() && base == null ? "." : start + fieldsText();
      }

      private String fieldsText() {
        return fields.isEmpty() ? "" : "." + String.join(".", fields);
      }
    }
  }

  sealed interface Base {
    record Variable(String name) implements Base {}

    record Inner(Pipeline pipeline) implements Base {}
  }
}
