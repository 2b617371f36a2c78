package io.meshd.cli.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Reads flags as pflag does and hands them on in the one form that picocli cannot misread.
 *
 * <pre>
 *   --name value   --name=value   -n value   -nvalue   -n=value   -dq   --detach=false   --
 * </pre>
 *
 * Errors are pflag's words. A command that is not interspersed takes everything from the first
 * positional argument on as it stands: {@code service create IMAGE ls -l}.
 */
public final class FlagGrammar {
  private final CommandSpec spec;
  private final boolean interspersed;
  private final Set<String> unsupported;
  private final List<String> positionals = new ArrayList<>();
  private final Map<OptionSpec, List<String>> values = new LinkedHashMap<>();

  /**
   * @param unsupported long names of Docker's flags that this command knows of but cannot serve
   */
  public FlagGrammar(CommandSpec spec, boolean interspersed, Set<String> unsupported) {
    this.spec = spec;
    this.interspersed = interspersed;
    this.unsupported = unsupported;
  }

  /** Thrown with pflag's words; the caller adds the usage. */
  public static final class Misuse extends Exception {
    private static final long serialVersionUID = 1L;

    Misuse(String words) {
      super(words, null, false, false);
    }
  }

  /**
   * Returns {@code --flag=value... -- positional...}; booleans that are false are left out, except
   * where that is not the same as nothing.
   */
  public List<String> canonical(List<String> args) throws Misuse {
    int next = 0;
    while (next < args.size()) {
      String arg = args.get(next);
      if (arg.equals("--")) {
        positionals.addAll(args.subList(next + 1, args.size()));
        break;
      }
      if (arg.length() < 2 || arg.charAt(0) != '-') {
        if (!interspersed) {
          positionals.addAll(args.subList(next, args.size()));
          break;
        }
        positionals.add(arg);
        next++;
      } else if (arg.startsWith("--")) {
        next = readLong(args, next);
      } else {
        next = readShort(args, next);
      }
    }
    return assemble();
  }

  private int readLong(List<String> args, int at) throws Misuse {
    String arg = args.get(at);
    int equals = arg.indexOf('=');
    String name = equals < 0 ? arg : arg.substring(0, equals);
    if (name.length() == 2 || name.charAt(2) == '-') {
      throw new Misuse("bad flag syntax: " + arg);
    }
    OptionSpec option = spec.findOption(name);
    if (option == null || name.length() == 3) {
      if (unsupported.contains(name.substring(2))) {
        throw new Misuse("flag " + name + " is not supported by meshd");
      }
      throw new Misuse("unknown flag: " + name);
    }
    if (equals >= 0) {
      put(option, arg.substring(equals + 1));
      return at + 1;
    }
    if (isSwitch(option)) {
      put(option, "true");
      return at + 1;
    }
    if (at + 1 >= args.size()) {
      throw new Misuse("flag needs an argument: " + name);
    }
    put(option, args.get(at + 1));
    return at + 2;
  }

  private int readShort(List<String> args, int at) throws Misuse {
    String arg = args.get(at);
    for (int i = 1; i < arg.length(); i++) {
      char letter = arg.charAt(i);
      OptionSpec option = spec.findOption("-" + letter);
      if (option == null) {
        throw new Misuse("unknown shorthand flag: '" + letter + "' in -" + arg.substring(i));
      }
      String rest = arg.substring(i + 1);
      if (rest.startsWith("=") && rest.length() > 1) {
        put(option, rest.substring(1));
        return at + 1;
      }
      if (isSwitch(option)) {
        put(option, "true");
      } else if (!rest.isEmpty()) {
        put(option, rest);
        return at + 1;
      } else if (at + 1 < args.size()) {
        put(option, args.get(at + 1));
        return at + 2;
      } else {
        throw new Misuse("flag needs an argument: '" + letter + "' in -" + arg.substring(i));
      }
    }
    return at + 1;
  }

  private void put(OptionSpec option, String value) throws Misuse {
    try {
      Class<?> type = option.auxiliaryTypes()[0];
      if (isSwitch(option)) {
        value = String.valueOf(Values.parseBool(value));
      } else {
        Values.convert(type, value);
      }
    } catch (IllegalArgumentException e) {
      throw new Misuse(
          "invalid argument %s for \"%s\" flag: %s"
              .formatted(Values.quote(value), flagName(option), e.getMessage()));
    }
    List<String> given = values.computeIfAbsent(option, o -> new ArrayList<>());
    if (!option.isMultiValue()) {
      given.clear();
    }
    given.add(value);
  }

  private List<String> assemble() {
    List<String> out = new ArrayList<>();
    values.forEach(
        (option, given) -> {
          for (String value : given) {
            if (!isSwitch(option) || saysNo(option)) {
              out.add(option.longestName() + "=" + value);
            } else if (value.equals("true")) {
              out.add(option.longestName());
            }
          }
        });
    out.add("--");
    out.addAll(positionals);
    return out;
  }

  /** One for which {@code =false} is not the same as nothing. */
  private static boolean saysNo(OptionSpec option) {
    return option.type() == Boolean.class;
  }

  static boolean isSwitch(OptionSpec option) {
    return option.type() == boolean.class || option.type() == Boolean.class;
  }

  /** {@code -p, --publish}, or {@code --publish} where there is no short form. */
  static String flagName(OptionSpec option) {
    String shorthand = shorthand(option);
    return shorthand == null ? option.longestName() : shorthand + ", " + option.longestName();
  }

  static @Nullable String shorthand(OptionSpec option) {
    String shortest = option.shortestName();
    return shortest.startsWith("--") ? null : shortest;
  }
}
