package io.meshd.dataplane.underlay;

import io.meshd.dataplane.sys.Iovecs;
import io.meshd.dataplane.sys.Libc;
import io.meshd.dataplane.sys.Messages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Receives datagrams in batches (recvmmsg), each message perhaps of several that the kernel joined
 * (UDP_GRO). Owned by one loop; what was received is valid until the next {@link #receive}.
 */
public final class UnderlayReceiver {
  private static final int MESSAGES = 8;

  /** Room before a message for a header that the receiver of the frame wants to put there. */
  private static final int HEADROOM = 64;

  private static final int LARGEST = 65_536;
  private static final long STRIDE = HEADROOM + LARGEST;

  private final int descriptor;
  private final MemorySegment memory = Arena.ofAuto().allocate(MESSAGES * STRIDE, 64);
  private final Iovecs iovecs = new Iovecs(MESSAGES);
  private final Messages messages = new Messages(MESSAGES);

  public UnderlayReceiver(int descriptor) {
    this.descriptor = descriptor;
    for (int i = 0; i < MESSAGES; i++) {
      iovecs.set(i, memory.address() + at(i), LARGEST);
      messages.data(i, iovecs.address(i), 1);
    }
  }

  /**
   * @return messages received, or {@code -errno}: EAGAIN when there is none
   */
  public int receive() {
    for (int i = 0; i < MESSAGES; i++) {
      messages.prepareToReceive(i);
    }
    return Libc.recvmmsg(descriptor, messages.address(0), MESSAGES, 0);
  }

  public MemorySegment memory() {
    return memory;
  }

  /** Where a message begins; at least 64 bytes before it may be written. */
  public long at(int message) {
    return message * STRIDE + HEADROOM;
  }

  public int length(int message) {
    return messages.received(message);
  }

  /** Bytes of each datagram in it but the last, which may be shorter. */
  public int datagramLength(int message) {
    return messages.receivedSegmentSize(message);
  }

  /** Address of the sender, first byte highest. */
  public int source(int message) {
    return messages.source(message);
  }
}
