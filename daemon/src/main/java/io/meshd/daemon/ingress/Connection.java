package io.meshd.daemon.ingress;

import io.meshd.daemon.epoll.Poller;
import io.meshd.dataplane.sys.EpollEvents;
import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.Libc;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A client and its backend, joined. Lives on one loop; no other thread touches it.
 *
 * <p>States. Connecting: a backend is being sought; each that refuses or is silent costs an
 * attempt, and no byte of the client's, which are held until a backend took the first. When the
 * last one failed the client is reset, as the kernel would have refused it. Open: both {@link
 * Flow}s carry bytes. Half: one side sent FIN, which was passed on after its last byte; the other
 * direction goes on as long as it likes. Over, in order: both did; both sockets are closed. Over,
 * failed: a side was reset; what was read from it is still handed to the other side, which is then
 * reset too, so that a cut is never mistaken for an end.
 */
final class Connection implements Poller.Ready {
  /** While there is another backend to try. A lost SYN is sent again after 1 s. */
  private static final long TIMEOUT_NANOS = 1_200_000_000L;

  /** For the last backend left: three SYNs (0, 1 and 3 s). */
  private static final long LAST_TIMEOUT_NANOS = 5_000_000_000L;

  private static final int MAX_ATTEMPTS = 5;

  private static final int CLIENT = 0;

  /** Backends' sides are 1 to 3, in turn, so that an event of an earlier attempt is known. */
  private static final int BACKENDS = 3;

  private static final int EDGES = EpollEvents.IN | EpollEvents.RDHUP | EpollEvents.ET;
  private static final int ROOM_TOO = EDGES | EpollEvents.OUT;

  private enum State {
    CONNECTING,
    OPEN,
    OVER
  }

  private final ProxyLoop loop;
  private final Route route;
  private final Client peer;
  private final int slot;
  private final Side client;
  private final Flow toBackend;
  private final Flow toClient;
  private State state = State.CONNECTING;
  private List<BackendLoad> tried = List.of();
  private @Nullable BackendLoad load;
  private @Nullable Side backend;
  private long deadlineNanos;
  private int attempts;
  private boolean preserved;
  private boolean queued;
  private boolean keptAlive;

  /** Neighbours in the loop's list. */
  @Nullable Connection previous;

  @Nullable Connection next;

  Connection(ProxyLoop loop, Route route, Client peer) {
    this.loop = loop;
    this.route = route;
    this.peer = peer;
    client = new Side(peer.fd(), CLIENT);
    client.writable = true;
    client.readable = true;
    toBackend = new Flow(this, loop, loop.bytesToBackend);
    toClient = new Flow(this, loop, loop.bytesToClient);
    slot = loop.poller().slot(this);
  }

  void start() {
    loop.enter(this);
    tryNext();
  }

  boolean isOver() {
    return state == State.OVER;
  }

  private void tryNext() {
    while (state == State.CONNECTING && !attempt()) {}
  }

  /** Returns true when this is decided or is being waited for. */
  private boolean attempt() {
    BackendLoad chosen =
        attempts < MAX_ATTEMPTS ? route.pool().choose(tried, peer.hash(), System.nanoTime()) : null;
    if (chosen == null) {
      failed(attempts == 0 ? IngressCounter.FAILED_NO_BACKEND : IngressCounter.FAILED_ALL_BACKENDS);
      return true;
    }
    load = chosen;
    chosen.opened();
    if (attempts == 0 && route.preservation().isWanted()) {
      preserved = route.preservation().admits(peer, loop.asked(peer));
    }
    if (attempts == 0 && !readAhead()) {
      return true;
    }
    int fd = socket(chosen);
    int connect = fd < 0 ? fd : connect(fd, chosen);
    if (preserved && fd >= 0 && connect < 0 && connect != -Errno.EINPROGRESS) {
      // What is wrong is the client's address: the backend has not been asked yet.
      preserved = false;
      route.preservation().failed(-connect);
      Libc.close(fd);
      fd = socket(chosen);
      connect = fd < 0 ? fd : connect(fd, chosen);
    }
    if (fd < 0) {
      loop.counters().count(IngressCounter.ATTEMPT_ERROR);
      failed(IngressCounter.FAILED_ALL_BACKENDS);
      return true;
    }
    Side side = new Side(fd, 1 + attempts % BACKENDS);
    side.delays = true;
    backend = side;
    attempts++;
    if (connect < 0 && connect != -Errno.EINPROGRESS) {
      attemptFailed(-connect);
      return false;
    }
    return awaitBackend(side);
  }

  /** Made on a loop's thread, because that is what puts it into the node namespace. */
  private static int socket(BackendLoad chosen) {
    return Libc.socket(
        chosen.address().family(), Libc.SOCK_STREAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0);
  }

  private int connect(int fd, BackendLoad chosen) {
    if (toBackend.holds()) {
      SocketTuning.speaksFirst(fd);
    }
    int bound = preserved ? route.preservation().bindTcp(fd, (int) peer.low()) : 0;
    return bound < 0
        ? bound
        : Libc.connect(fd, chosen.address().address(), chosen.address().length());
  }

  /** What the client has said already goes out with the first chance. */
  private boolean readAhead() {
    int header =
        route.clientAddress() == IngressPort.ClientAddress.PROXY_V2 ? loop.announce(peer) : 0;
    if (toBackend.readAhead(client, header) < 0) {
      failed(IngressCounter.FAILED_CLIENT_RESET);
      return false;
    }
    return true;
  }

  /**
   * A backend on the same machine, or one that is asked slowly enough, has answered before this
   * thread gets here: then the first bytes go at once.
   */
  private boolean awaitBackend(Side side) {
    if (toBackend.holds()) {
      int sent = toBackend.first(side);
      if (sent == 0) {
        side.writable = true;
        opened();
      } else if (sent != -Errno.EAGAIN && sent != -Errno.EINTR) {
        attemptFailed(-sent);
        return false;
      }
    }
    watch(side, state == State.OPEN ? EDGES : ROOM_TOO);
    if (!client.watched) {
      watch(client, EDGES);
    }
    if (state == State.OPEN) {
      pump();
    } else if (state == State.CONNECTING) {
      boolean last = attempts >= Math.min(route.pool().size(), MAX_ATTEMPTS);
      deadlineNanos = System.nanoTime() + (last ? LAST_TIMEOUT_NANOS : TIMEOUT_NANOS);
      loop.expect(this);
    }
    return true;
  }

  private void watch(Side side, int mask) {
    side.watched = true;
    side.watchedForRoom = (mask & EpollEvents.OUT) != 0;
    if (loop.poller().add(side.fd, mask, slot, side.tag) < 0) {
      failed(IngressCounter.FAILED_INTERNAL);
    }
  }

  private void opened() {
    state = State.OPEN;
    if (load != null) {
      load.answered();
    }
    loop.counters().count(IngressCounter.CONNECTED);
    if (preserved) {
      route.preservation().kept();
    }
  }

  private void attemptFailed(int errno) {
    BackendLoad failing = load;
    Side side = backend;
    if (failing == null || side == null) {
      return;
    }
    Libc.close(side.fd);
    backend = null;
    load = null;
    failing.closed();
    if (failing.failed(System.nanoTime())) {
      loop.counters().count(IngressCounter.BACKEND_EJECTED);
    }
    if (tried.isEmpty()) {
      tried = new ArrayList<>(2);
    }
    tried.add(failing);
    loop.counters()
        .count(
            switch (errno) {
              case Errno.ECONNREFUSED, Errno.ECONNRESET -> IngressCounter.ATTEMPT_REFUSED;
              case Errno.ETIMEDOUT -> IngressCounter.ATTEMPT_TIMEOUT;
              default -> IngressCounter.ATTEMPT_ERROR;
            });
  }

  @Override
  public void ready(int tag, int events) {
    Side to = backend;
    if (tag == Poller.AGAIN) {
      queued = false;
    } else if (tag == CLIENT) {
      client.hint(events);
    } else if (to != null && to.tag == tag) {
      to.hint(events);
      if (state == State.CONNECTING) {
        decided(to, events);
        return;
      }
    }
    if (state == State.OPEN) {
      pump();
    }
  }

  @Override
  public void broken() {
    failed(IngressCounter.FAILED_INTERNAL);
  }

  private void decided(Side side, int events) {
    int error = (events & EpollEvents.ERR) != 0 ? SocketTuning.error(side.fd) : 0;
    if (error != 0) {
      attemptFailed(error);
      tryNext();
    } else if (side.writable) {
      opened();
      pump();
    }
  }

  private void pump() {
    Side side = backend;
    if (side == null) {
      return;
    }
    boolean more = toBackend.pump(client, side);
    more |= toClient.pump(side, client);
    if (more && state == State.OPEN) {
      again();
    }
  }

  private void again() {
    if (!queued) {
      queued = true;
      loop.poller().again(this);
    }
  }

  /** From time to time, on the loop. */
  void tick(long nowNanos) {
    Side side = backend;
    if (state == State.CONNECTING && nowNanos - deadlineNanos >= 0) {
      attemptFailed(Errno.ETIMEDOUT);
      tryNext();
    } else if (state == State.OPEN && !keptAlive && side != null) {
      keptAlive = true;
      SocketTuning.keepAlive(side.fd);
    }
  }

  /** Resets this if its backend is one of these tasks; on the loop. */
  void abort(Set<String> taskIds) {
    if (load == null || !taskIds.contains(load.backend().taskId())) {
      return;
    }
    if (state == State.CONNECTING) {
      attemptFailed(Errno.ETIMEDOUT);
      tryNext();
    } else {
      failed(IngressCounter.FAILED_NODE_DOWN);
    }
  }

  /** Resets this if it is the port's and has its client's address; on the loop. */
  void cutPreserved(Route from) {
    if (preserved && from.isSame(route)) {
      failed(IngressCounter.FAILED_UNPRESERVED);
    }
  }

  boolean isConnecting() {
    return state == State.CONNECTING;
  }

  /** A flow's receiver is full: to be told when it is not. */
  void awaitRoom(Side side) {
    if (!side.watchedForRoom) {
      side.watchedForRoom = true;
      loop.poller().modify(side.fd, ROOM_TOO, slot, side.tag);
    }
  }

  /** Everything that {@code to}'s peer sent was handed to it, and the end behind it. */
  void ended(Side to) {
    if (toBackend.isOver() && toClient.isOver()) {
      // Closing says FIN too.
      over(IngressCounter.COMPLETED, false);
    } else {
      Libc.shutdown(to.fd, Libc.SHUT_WR);
    }
  }

  /** A side takes nothing any more: what it sent before is read and handed on, then that is all. */
  void unwritable(Side side) {
    Flow from = side == client ? toBackend : toClient;
    if (from.isOver()) {
      lost(side);
    } else {
      side.readable = true;
      side.ending = true;
      again();
    }
  }

  /** A side was reset, and everything before that was handed on. */
  void lost(Side side) {
    failed(
        side == client ? IngressCounter.FAILED_CLIENT_RESET : IngressCounter.FAILED_BACKEND_RESET);
  }

  void failed(IngressCounter reason) {
    over(reason, true);
  }

  private void over(IngressCounter reason, boolean reset) {
    if (state == State.OVER) {
      return;
    }
    state = State.OVER;
    loop.leave(this);
    loop.poller().release(slot);
    toBackend.drop();
    toClient.drop();
    route.leave();
    if (load != null) {
      load.closed();
    }
    // Who sees it counted finds the backend's load without it.
    loop.counters().count(reason);
    close(client, reset);
    if (backend != null) {
      close(backend, reset);
    }
  }

  private static void close(Side side, boolean reset) {
    if (reset) {
      SocketTuning.reset(side.fd);
    } else {
      Libc.close(side.fd);
    }
  }
}
