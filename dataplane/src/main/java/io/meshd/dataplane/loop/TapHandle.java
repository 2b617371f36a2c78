package io.meshd.dataplane.loop;

import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.ProducerCpu;
import io.meshd.dataplane.tap.TapDevice;
import io.netty.channel.IoEventLoop;
import org.jspecify.annotations.Nullable;

/** A TAP being read. */
final class TapHandle extends DrainingHandle {
  /** Frames before others get their turn; a frame has up to 64 KiB. */
  private static final int BUDGET = 128;

  private final TapDevice tap;
  private final int slot;
  private final FramesOut frames;
  private final @Nullable ProducerCpu producer;
  private final Runnable onGone;

  /**
   * @param producer watching this TAP; null where there is none
   * @param onGone run once, on the loop, when the device does not exist any more
   */
  TapHandle(
      IoEventLoop eventLoop,
      Precedence precedence,
      Nearness nearness,
      TapDevice tap,
      int slot,
      FramesOut frames,
      @Nullable ProducerCpu producer,
      Runnable onGone) {
    super(eventLoop, precedence, nearness, tap.fd());
    this.tap = tap;
    this.slot = slot;
    this.frames = frames;
    this.producer = producer;
    this.onGone = onGone;
  }

  @Override
  int producer() {
    return producer == null ? ProducerCpu.UNKNOWN : producer.last();
  }

  @Override
  boolean drain() {
    for (int i = 0; i < BUDGET; i++) {
      long read = frames.read(tap, slot);
      if (read <= 0 && read != -Errno.EINTR) {
        frames.flush();
        if (read != -Errno.EAGAIN) {
          stop();
          onGone.run();
        }
        return false;
      }
    }
    frames.flush();
    return true;
  }
}
