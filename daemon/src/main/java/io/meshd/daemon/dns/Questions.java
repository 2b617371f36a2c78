package io.meshd.daemon.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.handler.codec.dns.DnsResponseCode;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What the two transports of one listening address share: from the bytes of a message to those of
 * its answer, now or when the outside has answered. On one event loop.
 */
final class Questions {
  /** Who asks, by address; null: nobody that is answered. */
  interface Askers {
    @Nullable Asker at(InetAddress address);
  }

  private final Askers askers;
  private final Responder responder;
  private final Forwarder forwarder;
  private final DnsCounters counters;

  Questions(Askers askers, Forwarder forwarder, DnsCounters counters) {
    this.askers = askers;
    this.responder = new Responder(counters);
    this.forwarder = forwarder;
    this.counters = counters;
  }

  DnsCounters counters() {
    return counters;
  }

  /**
   * Answers a message; not at all what is no query.
   *
   * @param message borrowed
   * @param largest bytes of an answer on this transport, or 0: what the asker says
   * @param answers takes each answer with its ownership, on the channel's loop, perhaps later
   */
  void ask(
      ByteBuf message,
      InetSocketAddress from,
      int largest,
      Channel channel,
      Consumer<ByteBuf> answers) {
    Query query = QueryReader.read(message);
    if (query == null) {
      counters.count(DnsCounter.DROPPED_NO_QUERY);
      return;
    }
    int limit = largest == 0 ? query.udpSize() : largest;
    Asker asker = askers.at(from.getAddress());
    ByteBuf out = buffer(channel.alloc());
    boolean answered = responder.answer(query, asker, limit, out);
    if (answered) {
      answers.accept(out);
      return;
    }
    out.release();
    if (asker != null) {
      forwarder.ask(
          query,
          asker.resolvers(),
          answer ->
              channel.eventLoop().execute(() -> forwarded(query, answer, limit, channel, answers)));
    }
  }

  private static ByteBuf buffer(ByteBufAllocator allocator) {
    return allocator.ioBuffer(Query.PLAIN_UDP_SIZE);
  }

  private void forwarded(
      Query query,
      @Nullable OutsideAnswer answer,
      int limit,
      Channel channel,
      Consumer<ByteBuf> answers) {
    if (!channel.isActive()) {
      counters.count(DnsCounter.DROPPED_GONE);
      return;
    }
    ByteBuf out = buffer(channel.alloc());
    if (answer == null) {
      responder.write(query, DnsResponseCode.SERVFAIL, false, out);
    } else {
      counters.count(DnsCounter.ANSWERED_OUTSIDE);
      if (answer.length() > limit) {
        responder.writeTruncated(query, DnsResponseCode.valueOf(answer.code()), out);
      } else {
        answer.write(query, System.nanoTime(), out);
      }
    }
    answers.accept(out);
  }

  /** Askers of a network: by their addresses. */
  static Askers of(NetworkNames names) {
    return address -> names.askers().get(bits(address));
  }

  /** Big-endian, which {@link Inet4Address#hashCode} specifies; 0 for what is no IPv4 address. */
  static int bits(InetAddress address) {
    return address instanceof Inet4Address four ? four.hashCode() : 0;
  }
}
