package io.meshd.daemon.state;

/** Told of every new version, in order, on the thread that applied it; must return at once. */
@FunctionalInterface
public interface StateListener {
  void onState(ClusterState state);
}
