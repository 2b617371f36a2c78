package io.meshd.cli.grammar;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** The positional arguments of a command, as Docker's usage line shows them. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface Arguments {
  /** What follows {@code [OPTIONS]}, for example {@code IMAGE [COMMAND] [ARG...]}. */
  String usage() default "";

  int min() default 0;

  int max() default Integer.MAX_VALUE;

  /** False: options end at the first positional argument. */
  boolean interspersed() default true;
}
