package io.meshd.dataplane.loop;

import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.tap.TapDevice;
import io.netty.channel.IoEventLoop;

/** A TAP being read. */
final class TapHandle extends DrainingHandle {
  /** Frames before others get their turn; a frame has up to 64 KiB. */
  private static final int BUDGET = 128;

  private final TapDevice tap;
  private final int slot;
  private final FramesOut frames;
  private final Runnable onGone;

  /**
   * @param onGone run once, on the loop, when the device does not exist any more
   */
  TapHandle(
      IoEventLoop eventLoop,
      Precedence precedence,
      TapDevice tap,
      int slot,
      FramesOut frames,
      Runnable onGone) {
    super(eventLoop, precedence, tap.fd());
    this.tap = tap;
    this.slot = slot;
    this.frames = frames;
    this.onGone = onGone;
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
