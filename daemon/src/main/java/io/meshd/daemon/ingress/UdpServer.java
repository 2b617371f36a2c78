package io.meshd.daemon.ingress;

import io.meshd.daemon.ingress.IngressPort.Backend;
import io.meshd.dataplane.lb.MaglevTable;
import io.meshd.dataplane.sys.DatagramBatch;
import io.meshd.dataplane.sys.DatagramPeer;
import io.meshd.dataplane.sys.DualUdpSocket;
import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.Libc;
import io.meshd.dataplane.sys.UdpSocket;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One published UDP port on a loop: datagrams of clients to backends, and back.
 *
 * <p>Theory of operation. UDP has no connections, so one is made up: a <i>session</i> is a client's
 * address and port together with the address of ours that it asked. It has a socket in the node
 * namespace, connected to one backend; what comes back on it leaves from the address that was
 * asked. A session ends
 *
 * <ul>
 *   <li>after 30 s without a datagram, or 180 s once the client went on after an answer;
 *   <li>when an ICMP error says that its backend is not there: the datagram at hand and the next
 *       ones go to another;
 *   <li>when its backend is taken from the list: answers still pass for 5 s, the client's next
 *       datagram goes to another;
 *   <li>when its port has {@value #MOST_SESSIONS} sessions and needs room: the one that was silent
 *       longest goes, preferably one that was a question with an answer at most.
 * </ul>
 *
 * Nothing waits: what the kernel does not take at once is dropped and counted. Datagrams are
 * handled in batches (recvmmsg, sendmmsg) and stay in the loop's one buffer; a session's first
 * datagram allocates, later ones do not. All methods are of the loop, where nothing else is said.
 */
final class UdpServer implements EpollIoHandle {
  /** Each has a socket: this is about half of what one address can have towards all backends. */
  static final int MOST_SESSIONS = 32_768;

  private static final int SWEEP_SECONDS = 2;

  /** How far from the longest silent the victim of an eviction is looked for. */
  private static final int VICTIM_SEARCH = 16;

  /** Backends tried with one datagram. */
  private static final int MOST_TRIES = 4;

  private static final int RECEIVE_BUFFER_BYTES = 4 << 20;

  private static final ThreadLocal<DatagramBatch> BATCH =
      ThreadLocal.withInitial(DatagramBatch::new);

  private final IoEventLoop loop;
  private final DualUdpSocket socket;
  private final FileDescriptor descriptor;
  private final BackendPool pool;
  private final IngressCounters counters;
  private final Preservation preservation;
  private final int mostSessions;
  private final DatagramPeer probe = new DatagramPeer();
  private long begun;

  /** The one that was silent longest first. */
  private final Map<DatagramPeer, UdpSession> sessions = new LinkedHashMap<>(16, 0.75f, true);

  private final List<UdpSession> retired = new ArrayList<>();
  private @Nullable IoRegistration registration;
  private @Nullable Future<?> sweep;

  private UdpServer(
      IoEventLoop loop,
      DualUdpSocket socket,
      BackendPool pool,
      IngressCounters counters,
      Preservation preservation,
      int mostSessions) {
    this.loop = loop;
    this.socket = socket;
    this.descriptor = new FileDescriptor(socket.fd());
    this.pool = pool;
    this.counters = counters;
    this.preservation = preservation;
    this.mostSessions = mostSessions;
  }

  /**
   * Takes the socket over. From another thread than the loop's.
   *
   * @param loop of the node namespace
   * @param mostSessions at a time
   */
  static UdpServer open(
      IoEventLoop loop,
      DualUdpSocket socket,
      BackendPool pool,
      IngressCounters counters,
      Preservation preservation,
      int mostSessions) {
    socket.receiveBuffer(RECEIVE_BUFFER_BYTES);
    UdpServer server = new UdpServer(loop, socket, pool, counters, preservation, mostSessions);
    loop.submit(server::start).syncUninterruptibly();
    return server;
  }

  private void start() {
    IoRegistration made = loop.register(this).syncUninterruptibly().getNow();
    registration = made;
    made.submit(EpollIoOps.EPOLLIN);
    sweep =
        loop.scheduleWithFixedDelay(this::sweep, SWEEP_SECONDS, SWEEP_SECONDS, TimeUnit.SECONDS);
  }

  /** Ends the sessions with others. From another thread than the loop's. */
  void keepOnly(Collection<Backend> backends) {
    Set<Backend> wanted = new HashSet<>(backends);
    loop.submit(() -> retireOthers(wanted)).syncUninterruptibly();
  }

  /** Ends the sessions, which have another address than their next ones are to have. */
  void restart() {
    loop.submit(() -> retireOthers(Set.of())).syncUninterruptibly();
  }

  /** How many sessions there are and ever were. */
  record Sessions(int open, long begun) {}

  static final Sessions NO_SESSIONS = new Sessions(0, 0);

  /** From another thread than the loop's. */
  Sessions count() {
    return loop.submit(() -> new Sessions(sessions.size(), begun)).syncUninterruptibly().getNow();
  }

  /** Ends the port and its sessions. From another thread than the loop's. */
  void shutDown() {
    loop.submit(this::close).syncUninterruptibly();
  }

  // 1. Clients' datagrams, in batches: those of one session that came in a row go in one call.

  @Override
  public void handle(IoRegistration ignored, IoEvent event) {
    DatagramBatch batch = BATCH.get();
    int count = batch.receive(socket.fd());
    long now = System.nanoTime();
    int from = 0;
    UdpSession session = null;
    for (int i = 0; i < count; i++) {
      batch.peer(i, probe);
      if (session == null || !session.peer().equals(probe)) {
        forward(session, batch, from, i, now);
        session = sessionOf(probe, now);
        from = i;
      }
    }
    forward(session, batch, from, Math.max(count, 0), now);
  }

  private @Nullable UdpSession sessionOf(DatagramPeer peer, long now) {
    UdpSession known = sessions.get(peer);
    return known == null ? begin(peer.copy(), List.of(), now) : known;
  }

  /** A session with a backend of its own, or null when there is none. */
  private @Nullable UdpSession begin(DatagramPeer peer, Collection<BackendLoad> tried, long now) {
    BackendLoad backend =
        pool.choose(tried, MaglevTable.hash(Arrays.hashCode(peer.remoteAddress())), now);
    if (backend == null) {
      return null;
    }
    if (sessions.size() >= mostSessions) {
      evict();
    }
    UdpSocket upstream;
    try {
      upstream = upstream(peer, backend);
      upstream.allowFragments();
    } catch (IOException e) {
      counters.count(IngressCounter.UDP_DROPPED_NO_SOCKET);
      return null;
    }
    UdpSession session = new UdpSession(this, peer, backend, upstream);
    session.open(loop);
    sessions.put(peer, session);
    begun++;
    counters.count(IngressCounter.UDP_SESSION_OPENED);
    return session;
  }

  /** With the client's address where the port asks for that and it can be done. */
  private UdpSocket upstream(DatagramPeer peer, BackendLoad backend) throws IOException {
    if (preservation.isWanted() && preservation.admits(peer)) {
      int fd = UdpSocket.unbound();
      int bound = preservation.bindUdp(fd, peer.ipv4());
      if (bound >= 0) {
        preservation.kept();
        return UdpSocket.connect(fd, backend.ipv4(), backend.backend().port());
      }
      Libc.close(fd);
      preservation.failed(-bound);
    }
    return UdpSocket.connect(backend.ipv4(), backend.backend().port());
  }

  private void evict() {
    Iterator<UdpSession> eldest = sessions.values().iterator();
    UdpSession victim = eldest.next();
    UdpSession candidate = victim;
    for (int i = 0; candidate.conversation() && i < VICTIM_SEARCH && eldest.hasNext(); i++) {
      candidate = eldest.next();
    }
    if (!candidate.conversation()) {
      victim = candidate;
    }
    sessions.remove(victim.peer());
    victim.end();
    counters.count(IngressCounter.UDP_SESSION_EVICTED);
  }

  // 2. To the backend. An error of the socket is that of an earlier datagram (udp(7)).

  private void forward(
      @Nullable UdpSession first, DatagramBatch batch, int from, int to, long now) {
    if (from == to) {
      return;
    }
    if (first == null) {
      counters.add(IngressCounter.UDP_DROPPED_NO_BACKEND, to - from);
      return;
    }
    UdpSession session = first;
    session.asked(now);
    List<BackendLoad> tried = List.of();
    int next = from;
    while (next < to) {
      int sent = batch.send(session.socket(), next, to);
      if (sent > 0) {
        counters.add(IngressCounter.UDP_TO_BACKEND, sent);
        next += sent;
      } else if (sent == -Errno.EAGAIN || sent == -Errno.ENOBUFS || sent == -Errno.EMSGSIZE) {
        counters.count(IngressCounter.UDP_DROPPED_TO_BACKEND);
        next++;
      } else if (sent != -Errno.EINTR) {
        tried = with(tried, session.backend());
        unreachable(session, now);
        UdpSession other = tried.size() < MOST_TRIES ? begin(session.peer(), tried, now) : null;
        if (other == null) {
          counters.add(IngressCounter.UDP_DROPPED_NO_BACKEND, to - next);
          return;
        }
        session = other;
        session.asked(now);
      }
    }
  }

  private static List<BackendLoad> with(List<BackendLoad> tried, BackendLoad failed) {
    List<BackendLoad> all = new ArrayList<>(tried);
    all.add(failed);
    return all;
  }

  private void unreachable(UdpSession session, long now) {
    counters.count(IngressCounter.UDP_BACKEND_UNREACHABLE);
    session.backend().failed(now);
    sessions.remove(session.peer(), session);
    retired.remove(session);
    session.end();
  }

  // 3. Back to the client.

  void fromBackend(UdpSession session) {
    DatagramBatch batch = BATCH.get();
    int count = batch.receive(session.socket());
    long now = System.nanoTime();
    if (count < 0) {
      if (count != -Errno.EAGAIN && count != -Errno.EINTR) {
        unreachable(session, now);
      }
      return;
    }
    session.answered(now);
    int next = 0;
    while (next < count) {
      int sent = batch.send(socket.fd(), next, count, session.peer());
      if (sent > 0) {
        counters.add(IngressCounter.UDP_TO_CLIENT, sent);
        next += sent;
      } else if (sent != -Errno.EINTR) {
        counters.count(IngressCounter.UDP_DROPPED_TO_CLIENT);
        next++;
      }
    }
  }

  // 4. Ends.

  private void retireOthers(Set<Backend> wanted) {
    long now = System.nanoTime();
    Iterator<UdpSession> all = sessions.values().iterator();
    while (all.hasNext()) {
      UdpSession session = all.next();
      if (!wanted.contains(session.backend().backend())) {
        all.remove();
        session.retire(now);
        retired.add(session);
        counters.count(IngressCounter.UDP_SESSION_MOVED);
      }
    }
  }

  private void sweep() {
    long now = System.nanoTime();
    endIdle(sessions.values(), now);
    endIdle(retired, now);
  }

  private void endIdle(Collection<UdpSession> all, long now) {
    Iterator<UdpSession> each = all.iterator();
    while (each.hasNext()) {
      UdpSession session = each.next();
      if (session.idle(now)) {
        each.remove();
        session.end();
        if (!session.retired()) {
          counters.count(IngressCounter.UDP_SESSION_EXPIRED);
        }
      }
    }
  }

  /** Also by Netty when the loop ends. */
  @Override
  public void close() {
    if (registration == null) {
      return;
    }
    if (sweep != null) {
      sweep.cancel(false);
    }
    registration.cancel();
    registration = null;
    sessions.values().forEach(UdpSession::end);
    sessions.clear();
    retired.forEach(UdpSession::end);
    retired.clear();
    socket.close();
  }

  @Override
  public FileDescriptor fd() {
    return descriptor;
  }
}
