package io.meshd.gossip.sim;

import io.meshd.gossip.spi.Receiver;
import io.meshd.gossip.spi.Timers;
import io.meshd.gossip.spi.Transport;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Message;
import io.meshd.gossip.wire.StreamMessage;
import io.meshd.gossip.wire.WireException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One machine of the simulated network: clock and transport of the member on it. It can be slow,
 * paused as by SIGSTOP, or dead; a dead one can be started again with another member.
 */
public final class SimMachine implements Timers, Transport {
  private static final int MAX_DATAGRAM_BYTES = 1400;
  private static final int CRC_AND_COMPOUND_BYTES = 5 + 2;
  private static final int IP_UDP_BYTES = 28;

  /** Of one opened and closed stream: handshake, acks and end, without its payload. */
  private static final int STREAM_BYTES = 7 * 40;

  /** A segment that was lost comes again after so long. */
  private static final long RETRANSMIT_NANOS = 200_000_000;

  private final SimNetwork network;
  private final Address address;
  private final Deque<Runnable> held = new ArrayDeque<>();
  private @Nullable Receiver receiver;
  private long lag;
  private boolean paused;

  /** Counts the lives of the machine; what was begun in an earlier one is over. */
  private int life;

  private long datagrams;
  private long bytes;
  private int largest;

  SimMachine(SimNetwork network, Address address) {
    this.network = network;
    this.address = address;
  }

  /** The member on this machine from now on. */
  public void run(Receiver receiver) {
    this.receiver = receiver;
  }

  public Address address() {
    return address;
  }

  /** Everything here takes so much longer, from hearing to answering. */
  public void slow(Duration lag) {
    this.lag = lag.toNanos();
  }

  /** Nothing happens here until {@link #resume}; what arrives waits. */
  public void pause() {
    paused = true;
  }

  public void resume() {
    paused = false;
    while (!paused && !held.isEmpty()) {
      held.removeFirst().run();
    }
  }

  /** The member is gone without a word; the machine refuses streams. */
  public void kill() {
    life++;
    receiver = null;
    paused = false;
    held.clear();
  }

  /** Datagrams sent. */
  public long datagrams() {
    return datagrams;
  }

  /** Bytes sent, with IP, UDP and TCP headers. */
  public long bytes() {
    return bytes;
  }

  /** Largest datagram sent, without IP and UDP headers. */
  public int largest() {
    return largest;
  }

  @Override
  public long nanos() {
    return network.time.nanos();
  }

  @Override
  public Timer after(long nanos, Runnable task) {
    VirtualTime.Event event = here(nanos, task);
    return () -> event.cancelled = true;
  }

  /** Work of this machine: not while it is paused, never in its next life. */
  private VirtualTime.Event here(long nanos, Runnable task) {
    int since = life;
    VirtualTime.Event[] self = new VirtualTime.Event[1];
    self[0] = network.time.after(nanos, () -> whenRunning(since, self, task));
    return self[0];
  }

  private void whenRunning(int since, VirtualTime.Event[] event, Runnable task) {
    if (since != life || event[0].cancelled) {
      return;
    }
    if (paused) {
      held.add(() -> whenRunning(since, event, task));
    } else {
      task.run();
    }
  }

  @Override
  public int room() {
    return MAX_DATAGRAM_BYTES - CRC_AND_COMPOUND_BYTES;
  }

  @Override
  public void send(Address to, List<byte[]> messages, boolean crc) {
    byte[] datagram = network.packets.encode(messages, crc);
    datagrams++;
    bytes += datagram.length + IP_UDP_BYTES;
    largest = Math.max(largest, datagram.length);
    SimMachine target = network.at(to);
    if (target != null && !network.lost() && network.passes(address, to)) {
      target.here(network.delay() + target.lag, () -> target.receive(address, datagram));
    }
  }

  private void receive(Address from, byte[] datagram) {
    Receiver to = receiver;
    if (to != null) {
      List<Message> messages;
      try {
        messages = network.packets.decode(datagram);
      } catch (WireException e) {
        throw new IllegalStateException("a member sends what it cannot read", e);
      }
      to.packet(from, messages);
    }
  }

  @Override
  public void request(Address to, StreamMessage request, long timeoutNanos, Answer answer) {
    new Stream(to, request, timeoutNanos, answer);
  }

  /** One stream, as TCP would carry it: nothing is lost, a cut makes it time out. */
  private final class Stream {
    private final Address to;
    private final Answer answer;
    private final VirtualTime.Event timeout;
    private boolean open = true;

    Stream(Address to, StreamMessage request, long timeoutNanos, Answer answer) {
      this.to = to;
      this.answer = answer;
      timeout = here(timeoutNanos, () -> end("timed out"));
      SimMachine target = network.at(to);
      if (target != null && bothWays()) {
        // The handshake takes one way there and one back before the request goes.
        long there = way() + way() + way() + target.lag;
        if (target.receiver == null) {
          here(there, this::refuse);
        } else {
          count(request);
          target.here(there, () -> arrive(target, request));
        }
      }
    }

    private void arrive(SimMachine target, StreamMessage request) {
      Receiver receiver = target.receiver;
      if (!open || !bothWays() || receiver == null) {
        return;
      }
      StreamMessage reply = receiver.stream(request);
      if (reply == null) {
        here(way(), () -> end("closed"));
      } else {
        target.count(reply);
        here(way() + lag, () -> end(reply));
      }
    }

    private boolean bothWays() {
      return network.passes(address, to) && network.passes(to, address);
    }

    private long way() {
      return network.delay() + (network.lost() ? RETRANSMIT_NANOS : 0);
    }

    private void end(StreamMessage reply) {
      if (open && bothWays()) {
        close();
        answer.received(reply);
      }
    }

    private void end(String reason) {
      if (open) {
        close();
        answer.failed(reason);
      }
    }

    private void refuse() {
      if (open) {
        close();
        answer.refused();
      }
    }

    private void close() {
      open = false;
      timeout.cancelled = true;
    }
  }

  private void count(StreamMessage message) {
    bytes += STREAM_BYTES + network.streams.encode(message).length;
  }
}
