package io.meshd.dataplane.underlay;

import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.switching.TrafficCounter;
import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.Iovecs;
import io.meshd.dataplane.sys.Libc;
import io.meshd.dataplane.sys.Messages;
import io.meshd.dataplane.vxlan.VxlanOverhead;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects datagrams and sends them in few calls. Consecutive datagrams of one size to one VTEP
 * become one message that the kernel cuts (UDP_SEGMENT); a smaller one may end it. Messages go out
 * together (sendmmsg) when {@link #flush} is called, when there is no room, or when the source port
 * changes.
 *
 * <p>A datagram is one or two pieces of memory that stay as they are until the flush. The first
 * piece of those with two is a header in {@link #headers()}. A device that cannot checksum makes
 * the kernel refuse cutting with EIO; then each datagram is a message of its own from there on.
 * Where the underlay's MTU has become smaller, it is EINVAL: sent by itself, each is fragmented,
 * until the path is known to carry less.
 *
 * <p>Owned by one loop.
 */
public final class UnderlaySender {
  private static final Logger LOG = LoggerFactory.getLogger(UnderlaySender.class);

  /** Datagrams of one batch. */
  private static final int CAPACITY = 256;

  /** VXLAN, Ethernet, and IPv4 and TCP with all options, rounded up. */
  public static final int HEADER_ROOM = 160;

  private final int[] sockets;
  private final int port;
  private final LoopCounters counters;
  private final MemorySegment headers = Arena.ofAuto().allocate((long) CAPACITY * HEADER_ROOM, 64);
  private final Iovecs iovecs = new Iovecs(2 * CAPACITY);
  private final Messages messages = new Messages(CAPACITY);
  private final int[] segmentsOf = new int[CAPACITY];
  private final int[] firstIovecOf = new int[CAPACITY];
  private final Messages single = new Messages(1);

  private boolean cutting = true;
  private int socket;
  private int datagramCount;
  private int iovecCount;
  private int messageCount;

  // The last message, which may grow.
  private int lastVtep;
  private int lastSegmentSize;
  private int lastPieces;
  private int lastSegments;
  private int lastBytes;
  private boolean lastOpen;

  UnderlaySender(int[] sockets, int port, LoopCounters counters) {
    this.sockets = sockets;
    this.port = port;
    this.counters = counters;
  }

  /** Where headers are written at what {@link #prepare} returned. */
  public MemorySegment headers() {
    return headers;
  }

  /**
   * Makes room for one datagram of this flow; may flush.
   *
   * @return offset in {@link #headers()} of {@link #HEADER_ROOM} bytes for its header
   */
  public long prepare(int flowHash) {
    int chosen = sockets[flowHash & sockets.length - 1];
    if (chosen != socket || datagramCount == CAPACITY) {
      flush();
      socket = chosen;
    }
    return (long) datagramCount * HEADER_ROOM;
  }

  /** Adds the datagram prepared for, in one piece. */
  public void add(int vtep, long address, int length) {
    iovecs.set(iovecCount, address, length);
    add(vtep, length, 1);
  }

  /** Adds the datagram prepared for: its header at the offset given, and its payload. */
  public void add(int vtep, long headerAt, int headerLength, long payload, int payloadLength) {
    iovecs.set(iovecCount, headers.address() + headerAt, headerLength);
    iovecs.set(iovecCount + 1, payload, payloadLength);
    add(vtep, headerLength + payloadLength, 2);
  }

  private void add(int vtep, int length, int pieces) {
    if (lastOpen
        && vtep == lastVtep
        && pieces == lastPieces
        && length <= lastSegmentSize
        && lastSegments < VxlanOverhead.MOST_IN_BATCH
        && lastBytes + length <= VxlanOverhead.LARGEST_BATCH) {
      lastSegments++;
      lastBytes += length;
      lastOpen = length == lastSegmentSize;
    } else {
      endMessage();
      lastVtep = vtep;
      lastSegmentSize = length;
      lastPieces = pieces;
      lastSegments = 1;
      lastBytes = length;
      lastOpen = cutting;
      firstIovecOf[messageCount] = iovecCount;
      messages.destination(messageCount, vtep, port);
      messageCount++;
    }
    iovecCount += pieces;
    datagramCount++;
  }

  private void endMessage() {
    if (messageCount == 0) {
      return;
    }
    int m = messageCount - 1;
    int first = firstIovecOf[m];
    segmentsOf[m] = lastSegments;
    messages.data(m, iovecs.address(first), iovecCount - first);
    messages.segmentSize(m, lastSegments > 1 ? lastSegmentSize : 0);
    lastOpen = false;
  }

  /** Sends what is collected; memory of it is free for reuse afterwards. */
  public void flush() {
    if (datagramCount == 0) {
      return;
    }
    endMessage();
    int sent = 0;
    while (sent < messageCount) {
      int result = Libc.sendmmsg(socket, messages.address(sent), messageCount - sent, 0);
      if (result > 0) {
        countSent(sent, result);
        sent += result;
      } else {
        refused(sent, result);
        sent++;
      }
    }
    datagramCount = 0;
    iovecCount = 0;
    messageCount = 0;
  }

  private void countSent(int first, int count) {
    counters.count(TrafficCounter.VXLAN_TX_BATCHES, count);
    for (int m = first; m < first + count; m++) {
      counters.count(TrafficCounter.VXLAN_TX_DATAGRAMS, segmentsOf[m]);
    }
  }

  /** The first of the messages given was not sent; the others have not been tried. */
  private void refused(int message, int result) {
    boolean mayNotCut =
        result == -Errno.EIO || result == -Errno.EINVAL || result == -Errno.EMSGSIZE;
    if (mayNotCut && segmentsOf[message] > 1) {
      if (cutting && result == -Errno.EIO) {
        cutting = false;
        LOG.warn("the underlay's device cannot checksum: sending each datagram by itself");
      }
      sendSingly(message);
    } else if (result == -Errno.EAGAIN || result == -Errno.ENOBUFS) {
      counters.drop(DropReason.UNDERLAY_BUSY, segmentsOf[message]);
    } else {
      counters.drop(DropReason.UNDERLAY_ERROR, segmentsOf[message]);
    }
  }

  /** Sends a message's datagrams one by one. All have as many pieces. */
  private void sendSingly(int message) {
    int first = firstIovecOf[message];
    int pieces = Math.max(1, messages.iovecCount(message) / segmentsOf[message]);
    for (int i = 0; i < segmentsOf[message]; i++) {
      single.destination(0, messages.source(message), port);
      single.segmentSize(0, 0);
      single.data(0, iovecs.address(first + i * pieces), pieces);
      if (Libc.sendmmsg(socket, single.address(0), 1, 0) == 1) {
        counters.count(TrafficCounter.VXLAN_TX_BATCHES, 1);
        counters.count(TrafficCounter.VXLAN_TX_DATAGRAMS, 1);
      } else {
        counters.drop(DropReason.UNDERLAY_ERROR);
      }
    }
  }
}
