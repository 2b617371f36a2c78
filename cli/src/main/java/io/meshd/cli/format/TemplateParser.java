package io.meshd.cli.format;

import io.meshd.cli.format.Node.Base;
import io.meshd.cli.format.Node.Command;
import io.meshd.cli.format.Node.Operand;
import io.meshd.cli.format.Node.Pipeline;
import io.meshd.cli.format.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Recursive descent over the tokens of one template. */
final class TemplateParser {
  private final String source;
  private final List<Token> tokens;
  private int at;

  TemplateParser(String source) {
    this.source = source;
    this.tokens = new TemplateLexer(source).tokens();
  }

  List<Node> parse() {
    List<Node> nodes = nodes();
    if (peek().kind() != Kind.END) {
      throw fail("unexpected {{" + tokens.get(at + 1).text() + "}}");
    }
    return nodes;
  }

  /** Nodes up to the end, {@code {{else}}} or {@code {{end}}}. */
  private List<Node> nodes() {
    List<Node> nodes = new ArrayList<>();
    while (true) {
      Token token = peek();
      if (token.kind() == Kind.END) {
        return nodes;
      }
      if (token.kind() == Kind.TEXT) {
        nodes.add(new Node.Text(token.text()));
        at++;
        continue;
      }
      String keyword = keyword();
      if ("else".equals(keyword) || "end".equals(keyword)) {
        return nodes;
      }
      at++;
      skipSpace();
      nodes.add(action(keyword));
    }
  }

  /** The word that an action begins with, or null. */
  private @Nullable String keyword() {
    int i = at + 1;
    while (tokens.get(i).kind() == Kind.SPACE) {
      i++;
    }
    return tokens.get(i).kind() == Kind.WORD ? tokens.get(i).text() : null;
  }

  private Node action(@Nullable String keyword) {
    if (keyword != null
        && (keyword.equals("if") || keyword.equals("range") || keyword.equals("with"))) {
      at++;
      return control(keyword);
    }
    Pipeline pipeline = pipeline();
    expectClose();
    return new Node.Action(pipeline);
  }

  private Node control(String keyword) {
    Pipeline pipeline = pipeline();
    expectClose();
    List<Node> body = nodes();
    List<Node> otherwise = List.of();
    String next = peek().kind() == Kind.END ? null : keyword();
    if ("else".equals(next)) {
      at++;
      skipSpace();
      at++;
      skipSpace();
      if (peek().kind() == Kind.WORD) {
        String inner = peek().text();
        at++;
        return build(keyword, pipeline, body, List.of(control(inner)));
      }
      expectClose();
      otherwise = nodes();
      next = peek().kind() == Kind.END ? null : keyword();
    }
    if (!"end".equals(next)) {
      throw fail("unexpected EOF");
    }
    at++;
    skipSpace();
    at++;
    expectClose();
    return build(keyword, pipeline, body, otherwise);
  }

  private Node build(String keyword, Pipeline pipeline, List<Node> body, List<Node> otherwise) {
    return switch (keyword) {
      case "if" -> new Node.If(pipeline, body, otherwise);
      case "with" -> new Node.With(pipeline, body, otherwise);
      case "range" -> new Node.Range(pipeline, body, otherwise);
      default -> throw fail("unexpected <" + keyword + "> in else");
    };
  }

  private Pipeline pipeline() {
    skipSpace();
    List<String> variables = new ArrayList<>();
    int start = at;
    while (peek().kind() == Kind.VARIABLE) {
      variables.add(next().text());
      skipSpace();
      if (peek().kind() == Kind.COMMA) {
        next();
        skipSpace();
      } else {
        break;
      }
    }
    if (!variables.isEmpty() && peek().kind() == Kind.DECLARE) {
      next();
    } else {
      variables.clear();
      at = start;
    }
    List<Command> commands = new ArrayList<>();
    do {
      skipSpace();
      commands.add(command());
      skipSpace();
    } while (accept(Kind.PIPE));
    return new Pipeline(List.copyOf(variables), commands);
  }

  private Command command() {
    List<Operand> operands = new ArrayList<>();
    while (true) {
      skipSpace();
      Kind kind = peek().kind();
      if (kind == Kind.CLOSE || kind == Kind.PIPE || kind == Kind.RIGHT_PAREN) {
        break;
      }
      operands.add(operand());
    }
    if (operands.isEmpty()) {
      throw fail("missing value for command");
    }
    return new Command(operands);
  }

  private Operand operand() {
    Token token = next();
    return switch (token.kind()) {
      case DOT -> new Operand.Path(null, List.of(), token.position());
      case FIELD -> {
        at--;
        yield path(null, token.position());
      }
      case VARIABLE -> path(new Base.Variable(token.text()), token.position());
      case LEFT_PAREN -> {
        Pipeline inner = pipeline();
        if (!accept(Kind.RIGHT_PAREN)) {
          throw fail("unclosed left paren");
        }
        yield path(new Base.Inner(inner), token.position());
      }
      case STRING -> new Operand.Literal(token.text(), token.position());
      case NUMBER -> new Operand.Literal(number(token.text()), token.position());
      case WORD -> word(token);
      case TEXT, OPEN, CLOSE, PIPE, RIGHT_PAREN, DECLARE, COMMA, SPACE, END ->
          throw fail("unexpected \"%s\" in operand".formatted(token.text()));
    };
  }

  private Operand word(Token token) {
    return switch (token.text()) {
      case "true" -> new Operand.Literal(true, token.position());
      case "false" -> new Operand.Literal(false, token.position());
      case "nil" -> new Operand.Literal(null, token.position());
      default -> {
        if (!TemplateFunctions.NAMES.contains(token.text())) {
          throw fail("function \"%s\" not defined".formatted(token.text()));
        }
        yield new Operand.Function(token.text(), token.position());
      }
    };
  }

  /** The fields that follow; Go reports a chain of fields at its second one. */
  private Operand path(@Nullable Base base, int start) {
    List<String> fields = new ArrayList<>();
    int position = start;
    while (peek().kind() == Kind.FIELD) {
      if (fields.size() == 1 && base == null) {
        position = peek().position();
      }
      fields.add(next().text());
    }
    return new Operand.Path(base, List.copyOf(fields), position);
  }

  private Object number(String text) {
    try {
      return text.indexOf('.') < 0 ? (Object) Long.valueOf(text) : (Object) Double.valueOf(text);
    } catch (NumberFormatException e) {
      throw fail("bad number syntax: \"" + text + "\"");
    }
  }

  private void expectClose() {
    skipSpace();
    if (!accept(Kind.CLOSE)) {
      throw fail("unexpected \"%s\" in command".formatted(peek().text()));
    }
  }

  private boolean accept(Kind kind) {
    if (peek().kind() == kind) {
      at++;
      return true;
    }
    return false;
  }

  private void skipSpace() {
    while (peek().kind() == Kind.SPACE) {
      at++;
    }
  }

  private Token peek() {
    return tokens.get(at);
  }

  private Token next() {
    return tokens.get(at++);
  }

  private TemplateFailure fail(String why) {
    int position = tokens.get(Math.min(at, tokens.size() - 1)).position();
    return TemplateFailure.parse(source, position, why);
  }
}
