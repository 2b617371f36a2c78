package io.meshd.daemon.epoll;

import io.meshd.dataplane.sys.EpollEvents;
import io.meshd.dataplane.sys.Errno;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import java.io.IOException;

/** A handle of Netty at a {@link Poller}. It waits for nothing until told what for. */
final class HandleRegistration implements IoRegistration, Poller.Ready {
  private record Event(EpollIoOps ops) implements EpollIoEvent {}

  private final Poller poller;
  private final EpollIoHandle handle;
  private final int slot;
  private boolean valid = true;
  private Event last = new Event(EpollIoOps.EPOLLIN);

  HandleRegistration(Poller poller, EpollIoHandle handle) throws IOException {
    this.poller = poller;
    this.handle = handle;
    slot = poller.slot(this);
    int added = poller.add(handle.fd().intValue(), EpollEvents.ET, slot, 0);
    if (added < 0) {
      poller.release(slot);
      throw Errno.failure(added, "cannot wait for a descriptor");
    }
  }

  @Override
  public void ready(int side, int events) {
    if (last.ops().value() != events) {
      last = new Event(EpollIoOps.valueOf(events));
    }
    handle.handle(this, last);
  }

  @Override
  public long submit(IoOps ops) {
    int mask = ((EpollIoOps) ops).value();
    return poller.modify(handle.fd().intValue(), mask, slot, 0) < 0 ? -1 : mask;
  }

  @Override
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // Netty's signature
  public <T> T attachment() {
    return (T) poller;
  }

  @Override
  public boolean isValid() {
    return valid;
  }

  /** Leaves the descriptor open. */
  @Override
  public boolean cancel() {
    if (!valid) {
      return false;
    }
    valid = false;
    poller.remove(handle.fd().intValue());
    poller.release(slot);
    handle.unregistered();
    return true;
  }

  void close() {
    try {
      handle.close();
    } catch (Exception e) {
      throw new IllegalStateException("a handle cannot be closed", e);
    }
  }
}
