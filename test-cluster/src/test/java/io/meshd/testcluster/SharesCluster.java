package io.meshd.testcluster;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * On a class whose tests need a whole cluster and leave it whole: it gets, by {@link
 * Cluster#shared}, the one that classes of this shape have one after the other.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface SharesCluster {
  Shape value() default Shape.PLAIN;

  /** In the order in which their classes run. */
  enum Shape {
    /** Three nodes, n1 the manager. */
    PLAIN(""),
    /** The same, each with a dockerd of its own that has the image busybox. */
    DOCKER("--docker");

    private final String option;

    Shape(String option) {
      this.option = option;
    }

    /** Of {@code test-cluster/up}. */
    String[] options() {
      return option.isEmpty() ? new String[0] : new String[] {option};
    }
  }
}
