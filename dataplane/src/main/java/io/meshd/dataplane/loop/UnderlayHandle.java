package io.meshd.dataplane.loop;

import io.meshd.dataplane.sys.ProducerCpu;
import io.netty.channel.IoEventLoop;
import org.jspecify.annotations.Nullable;

/** The receiving socket being read. */
final class UnderlayHandle extends DrainingHandle {
  /** Batches before others get their turn; a batch has up to 512 KiB. */
  private static final int BUDGET = 16;

  private final @Nullable ProducerCpu producer;
  private final FramesIn frames;

  UnderlayHandle(
      IoEventLoop eventLoop,
      Precedence precedence,
      Nearness nearness,
      int descriptor,
      FramesIn frames,
      @Nullable ProducerCpu producer) {
    super(eventLoop, precedence, nearness, descriptor);
    this.producer = producer;
    this.frames = frames;
  }

  @Override
  int producer() {
    return producer == null ? ProducerCpu.UNKNOWN : producer.last();
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
