package io.meshd.daemon.control;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An empty report each second, by which managers know that the node is there. */
public final class Heartbeat implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);
  private static final Duration BEAT = Duration.ofSeconds(1);

  private final ReportSink sink;
  private final Thread thread;

  public Heartbeat(ReportSink sink) {
    this.sink = sink;
    this.thread = Thread.ofVirtual().name("heartbeat").unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  private void run() {
    try {
      for (; ; ) {
        try {
          sink.send(List.of());
        } catch (IOException e) {
          LOG.debug("no manager hears the heartbeat: {}", ErrorText.of(e));
        }
        Thread.sleep(BEAT);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
