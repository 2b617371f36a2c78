package io.meshd.testcluster;

import static java.util.Objects.requireNonNull;

import io.meshd.testcluster.SharesCluster.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The cluster that classes of one shape have one after the other; there is one at a time, and none
 * while another cluster is up, since two would share the processors. A class leaves it as it found
 * it: what it made is removed for it, and if anything is left or a node is not well then, that
 * class fails and the next one gets a new cluster. So does the next one if a class never gave it
 * back.
 */
final class SharedCluster {
  static final List<String> NODES = List.of("n1", "n2", "n3");

  private static @Nullable SharedCluster current;

  private final Shape shape;
  private final Cluster cluster;
  private final Census before;
  private @Nullable Class<?> user;

  private SharedCluster(Shape shape) {
    this.shape = shape;
    cluster = Cluster.up("shared-" + shape, shape.options());
    before = Census.of(cluster);
  }

  /** For this class until it closes it. */
  static synchronized Cluster lend(Class<?> test) {
    Shape shape =
        requireNonNull(test.getAnnotation(SharesCluster.class), "@SharesCluster on " + test)
            .value();
    SharedCluster shared = current;
    if (shared == null || shared.shape != shape || shared.user != null) {
      end();
      shared = new SharedCluster(shape);
      current = shared;
    }
    shared.user = test;
    return shared.cluster.lent(test, SharedCluster::giveBack);
  }

  /** Takes it down, where there is one. */
  static synchronized void end() {
    SharedCluster shared = current;
    current = null;
    if (shared != null) {
      shared.cluster.close();
    }
  }

  private static synchronized void giveBack() {
    SharedCluster shared = requireNonNull(current);
    String user = requireNonNull(shared.user).getSimpleName();
    boolean clean = false;
    try {
      Tidying.of(shared.cluster);
      shared.before.awaitAgain(shared.cluster, user + " left the cluster as it found it");
      clean = true;
    } finally {
      shared.user = null;
      if (!clean) {
        end();
      }
    }
  }
}
