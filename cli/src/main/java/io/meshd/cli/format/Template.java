package io.meshd.cli.format;

import io.meshd.cli.format.Node.Base;
import io.meshd.cli.format.Node.Command;
import io.meshd.cli.format.Node.Operand;
import io.meshd.cli.format.Node.Pipeline;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Go's text/template as far as {@code --format} needs it: fields, variables, pipelines, if, with,
 * range, and Docker's functions ({@link TemplateFunctions}). Values are records of the API, rows of
 * a listing, and plain JSON (maps, lists, strings, numbers).
 */
public final class Template {
  private final String source;
  private final List<Node> nodes;

  private Template(String source, List<Node> nodes) {
    this.source = source;
    this.nodes = nodes;
  }

  /**
   * @throws TemplateFailure when the text is no template
   */
  public static Template parse(String source) {
    return new Template(source, new TemplateParser(source).parse());
  }

  /**
   * @throws TemplateFailure when a field is not there, or a function does not fit its arguments
   */
  public String execute(@Nullable Object dot) {
    StringBuilder out = new StringBuilder();
    Map<String, @Nullable Object> variables = new HashMap<>();
    variables.put("$", dot);
    walk(nodes, dot, variables, out);
    return out.toString();
  }

  private void walk(
      List<Node> list,
      @Nullable Object dot,
      Map<String, @Nullable Object> variables,
      StringBuilder out) {
    for (Node node : list) {
      switch (node) {
        case Node.Text text -> out.append(text.text());
        case Node.Action action -> {
          Object value = pipeline(action.pipeline(), dot, variables);
          if (action.pipeline().variables().isEmpty()) {
            out.append(GoValues.print(value));
          } else {
            variables.put(action.pipeline().variables().getFirst(), value);
          }
        }
        case Node.If choice -> {
          Map<String, @Nullable Object> scope = new HashMap<>(variables);
          Object value = declared(choice.condition(), dot, scope);
          walk(GoValues.truth(value) ? choice.then() : choice.otherwise(), dot, scope, out);
        }
        case Node.With with -> {
          Map<String, @Nullable Object> scope = new HashMap<>(variables);
          Object value = declared(with.value(), dot, scope);
          boolean there = GoValues.truth(value);
          walk(there ? with.then() : with.otherwise(), there ? value : dot, scope, out);
        }
        case Node.Range range -> range(range, dot, variables, out);
      }
    }
  }

  private @Nullable Object declared(
      Pipeline pipeline, @Nullable Object dot, Map<String, @Nullable Object> scope) {
    Object value = pipeline(pipeline, dot, scope);
    if (!pipeline.variables().isEmpty()) {
      scope.put(pipeline.variables().getFirst(), value);
    }
    return value;
  }

  private void range(
      Node.Range range,
      @Nullable Object dot,
      Map<String, @Nullable Object> variables,
      StringBuilder out) {
    Object values = pipeline(range.values(), dot, variables);
    List<Map.Entry<Object, @Nullable Object>> entries = new ArrayList<>();
    if (values instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        entries.add(entry((long) i, list.get(i)));
      }
    } else if (values instanceof Map<?, ?> map) {
      Map<String, @Nullable Object> sorted = new TreeMap<>();
      map.forEach((key, value) -> sorted.put(String.valueOf(key), value));
      sorted.forEach((key, value) -> entries.add(entry(key, value)));
    } else if (values != null && !(values instanceof GoValues.Nil)) {
      throw fail(
          range.values().commands().getFirst().operands().getFirst(),
          "range can't iterate over " + GoValues.print(values));
    }
    if (entries.isEmpty()) {
      walk(range.otherwise(), dot, new HashMap<>(variables), out);
      return;
    }
    List<String> names = range.values().variables();
    for (Map.Entry<Object, @Nullable Object> entry : entries) {
      Map<String, @Nullable Object> scope = new HashMap<>(variables);
      if (names.size() == 2) {
        scope.put(names.get(0), entry.getKey());
      }
      if (!names.isEmpty()) {
        scope.put(names.getLast(), entry.getValue());
      }
      walk(range.body(), entry.getValue(), scope, out);
    }
  }

  private static Map.Entry<Object, @Nullable Object> entry(Object key, @Nullable Object value) {
    return new java.util.AbstractMap.SimpleImmutableEntry<>(key, value);
  }

  private @Nullable Object pipeline(
      Pipeline pipeline, @Nullable Object dot, Map<String, @Nullable Object> variables) {
    Object value = null;
    boolean piped = false;
    for (Command command : pipeline.commands()) {
      value = command(command, dot, variables, piped, value);
      piped = true;
    }
    return value;
  }

  private @Nullable Object command(
      Command command,
      @Nullable Object dot,
      Map<String, @Nullable Object> variables,
      boolean piped,
      @Nullable Object last) {
    Operand first = command.operands().getFirst();
    if (!(first instanceof Operand.Function function)) {
      if (command.operands().size() > 1 || piped) {
        throw fail(first, "can't give argument to non-function " + text(first));
      }
      return operand(first, dot, variables);
    }
    List<@Nullable Object> arguments = new ArrayList<>();
    for (Operand operand : command.operands().subList(1, command.operands().size())) {
      arguments.add(operand(operand, dot, variables));
    }
    if (piped) {
      arguments.add(last);
    }
    return call(function, arguments);
  }

  private @Nullable Object call(Operand.Function function, List<@Nullable Object> arguments) {
    try {
      return TemplateFunctions.call(function.name(), arguments);
    } catch (IllegalArgumentException e) {
      throw fail(function, String.valueOf(e.getMessage()));
    }
  }

  private @Nullable Object operand(
      Operand operand, @Nullable Object dot, Map<String, @Nullable Object> variables) {
    return switch (operand) {
      case Operand.Literal literal -> literal.value();
      case Operand.Function function -> call(function, List.of());
      case Operand.Path path -> {
        Object value =
            switch (path.base()) {
              case null -> dot;
              case Base.Inner inner -> pipeline(inner.pipeline(), dot, variables);
              case Base.Variable variable -> {
                if (!variables.containsKey(variable.name())) {
                  throw TemplateFailure.parse(
                      source,
                      path.position(),
                      "undefined variable \"%s\"".formatted(variable.name()));
                }
                yield variables.get(variable.name());
              }
            };
        try {
          for (String field : path.fields()) {
            value = GoValues.field(value, field);
          }
        } catch (IllegalArgumentException e) {
          throw fail(path, String.valueOf(e.getMessage()));
        }
        yield value;
      }
    };
  }

  private static String text(Operand operand) {
    return switch (operand) {
      case Operand.Literal literal -> GoValues.print(literal.value());
      case Operand.Function function -> function.name();
      case Operand.Path path -> path.text();
    };
  }

  private TemplateFailure fail(Operand operand, String why) {
    return TemplateFailure.execute(source, operand.position(), text(operand), why);
  }
}
