package io.meshd.daemon.dns;

import io.meshd.daemon.linux.ResolvConf;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The node's own resolvers: what its resolv.conf says, within a moment of a change. */
final class NodeResolvers implements Supplier<List<String>>, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeResolvers.class);
  private static final int LOOK_MILLIS = 500;

  private final Path file;
  private final Thread thread;
  private volatile List<String> servers = List.of();
  private String lastProblem = "";

  NodeResolvers(Path file) {
    this.file = file;
    look();
    // A look reads a few bytes from memory; to compare times and sizes first would save nothing and
    // miss a change within the clock's grain.
    this.thread = Thread.ofVirtual().name("resolv-conf").start(this::run);
  }

  @Override
  public List<String> get() {
    return servers;
  }

  private void run() {
    try {
      for (; ; ) {
        Thread.sleep(LOOK_MILLIS);
        look();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private void look() {
    try {
      servers = ResolvConf.read(file).nameservers();
      lastProblem = "";
    } catch (IOException e) {
      // What it said last is better than nothing.
      if (!lastProblem.equals(e.toString())) {
        lastProblem = e.toString();
        LOG.warn("the node's resolvers cannot be read: {}", lastProblem);
      }
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
