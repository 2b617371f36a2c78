package io.meshd.dataplane.loop;

import io.netty.channel.IoEventLoop;

/** The receiving socket being read. */
final class UnderlayHandle extends DrainingHandle {
  /** Batches before others get their turn; a batch has up to 512 KiB. */
  private static final int BUDGET = 16;

  private final FramesIn frames;

  UnderlayHandle(IoEventLoop eventLoop, Precedence precedence, int descriptor, FramesIn frames) {
    super(eventLoop, precedence, descriptor);
    this.frames = frames;
  }

  @Override
  boolean drain() {
    for (int i = 0; i < BUDGET; i++) {
      if (frames.receive() <= 0) {
        return false;
      }
    }
    return true;
  }
}
