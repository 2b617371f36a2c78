package io.meshd.daemon;

import io.meshd.daemon.managers.ManagerTransport;
import io.meshd.daemon.raft.AtomixLog;

/** A log, and the way between its members. */
record ManagersLog(AtomixLog log, ManagerTransport transport) implements AutoCloseable {
  @Override
  public void close() {
    log.close();
    transport.close();
  }
}
