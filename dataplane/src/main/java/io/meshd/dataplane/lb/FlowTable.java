package io.meshd.dataplane.lb;

import static io.meshd.dataplane.lb.FlowMemory.INT;
import static io.meshd.dataplane.lb.FlowMemory.INTS;
import static io.meshd.dataplane.lb.FlowMemory.LONG;
import static io.meshd.dataplane.lb.FlowMemory.LONGS;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The balanced flows of a node, found by their requests (network, protocol, client, virtual IP,
 * ports) and by their replies (network, protocol, backend, whom it answers, ports). All loops share
 * it.
 *
 * <p>Two chained hash tables over one array of records. A search takes no lock: it notes the
 * version of its chain's stripe, walks, copies what it found, and begins again if the version has
 * changed. To put in or take out, a thread makes the versions of both stripes odd, the lower one
 * first. A record's word has its state and a generation that counts its uses; states change by
 * compare-and-set of the whole word, so nobody changes what has become another flow. Nothing is
 * allocated.
 *
 * <p>Longer than most: this protocol is one, and could not be checked in halves.
 */
public final class FlowTable implements AutoCloseable {
  /** No record. */
  static final int NONE = -1;

  static final int STATE_BITS = 0xff;
  private static final int GENERATION = 1 << 16;
  private static final int LONGEST_WALK = 4096;
  private static final int SPINS = 64;

  /** Records that are looked at for one that may go. */
  private static final int EVICTION_SAMPLE = 256;

  /** What became of {@link #insert}. */
  public enum Insertion {
    DONE,
    /** Another thread was quicker. */
    EXISTS,
    /** Its replies could not be told from those of another flow. */
    REPLY_TAKEN,
    FULL
  }

  private final FlowMemory layout;
  private final MemorySegment m;
  private final int mask;
  private final AtomicInteger size = new AtomicInteger();
  private int cursor;
  private final AtomicInteger hand = new AtomicInteger();

  private FlowTable(FlowMemory layout) {
    this.layout = layout;
    m = layout.memory;
    mask = layout.capacity - 1;
    if (layout.isAdopted()) {
      adopt();
    }
  }

  /**
   * @param file to keep the flows in, or null for memory of this process
   * @param capacity in flows, rounded up to a power of two
   */
  public static FlowTable open(@Nullable Path file, int capacity) throws IOException {
    return new FlowTable(
        file == null ? FlowMemory.anonymous(capacity) : FlowMemory.map(file, capacity));
  }

  /** Flows, those lingering included. */
  public int size() {
    return size.get();
  }

  /** Records ever used at once: where a look at all of them ends. */
  int highWater() {
    return (int) INTS.getAcquire(m, FlowMemory.HIGH_WATER);
  }

  public int capacity() {
    return layout.capacity;
  }

  /** Bytes of a table of that many flows, index included. */
  public static long bytes(int capacity) {
    return FlowMemory.size(capacity);
  }

  /** Looks for the flow that a client's frame belongs to. */
  public boolean findRequest(Flow flow, int vni, int protocol, int client, int vip, int ports) {
    int network = vni << 8 | protocol;
    int hash = hash(network, client, vip, ports);
    long stripe = FlowMemory.stripe(hash & mask);
    for (int spins = 0; ; spins++) {
      int version = (int) INTS.getAcquire(m, stripe);
      if ((version & 1) == 0) {
        int found = walkRequests(hash, network, client, vip, ports);
        if (found != NONE) {
          copy(found, flow);
        }
        VarHandle.acquireFence();
        if ((int) INTS.getOpaque(m, stripe) == version) {
          return found != NONE;
        }
      }
      pause(spins);
    }
  }

  /**
   * Looks for the flow that a backend's frame belongs to.
   *
   * @param peer whom the backend answers: the client, or the virtual IP where that is itself
   * @param ports the client's above the backend's: those of the frame, turned round
   */
  public boolean findReply(Flow flow, int vni, int protocol, int backend, int peer, int ports) {
    int network = vni << 8 | protocol;
    int hash = hash(network, backend, peer, ports);
    long stripe = FlowMemory.stripe(hash & mask);
    for (int spins = 0; ; spins++) {
      int version = (int) INTS.getAcquire(m, stripe);
      if ((version & 1) == 0) {
        int found = walkReplies(hash, network, backend, peer, ports);
        if (found != NONE) {
          copy(found, flow);
        }
        VarHandle.acquireFence();
        if ((int) INTS.getOpaque(m, stripe) == version) {
          return found != NONE;
        }
      }
      pause(spins);
    }
  }

  private int walkRequests(int hash, int network, int client, int vip, int ports) {
    int next = m.get(INT, requestHead(hash));
    for (int steps = 0; next != 0 && steps < LONGEST_WALK; steps++) {
      long at = layout.record(next - 1);
      if (m.get(INT, at + FlowMemory.CLIENT) == client
          && m.get(INT, at + FlowMemory.PORTS) == ports
          && m.get(INT, at + FlowMemory.VIP) == vip
          && m.get(INT, at + FlowMemory.NETWORK) == network) {
        return next - 1;
      }
      next = m.get(INT, at + FlowMemory.NEXT_REQUEST);
    }
    return NONE;
  }

  private int walkReplies(int hash, int network, int backend, int peer, int ports) {
    int next = m.get(INT, replyHead(hash));
    for (int steps = 0; next != 0 && steps < LONGEST_WALK; steps++) {
      long at = layout.record(next - 1);
      if (m.get(INT, at + FlowMemory.BACKEND) == backend
          && m.get(INT, at + FlowMemory.PORTS) == ports
          && m.get(INT, at + FlowMemory.NETWORK) == network
          && peer(at) == peer) {
        return next - 1;
      }
      next = m.get(INT, at + FlowMemory.NEXT_REPLY);
    }
    return NONE;
  }

  private int peer(long at) {
    int client = m.get(INT, at + FlowMemory.CLIENT);
    return client == m.get(INT, at + FlowMemory.BACKEND) ? m.get(INT, at + FlowMemory.VIP) : client;
  }

  private void copy(int index, Flow flow) {
    long at = layout.record(index);
    int network = m.get(INT, at + FlowMemory.NETWORK);
    flow.index = index;
    flow.word = m.get(INT, at + FlowMemory.WORD);
    flow.vni = network >>> 8;
    flow.protocol = network & 0xff;
    flow.client = m.get(INT, at + FlowMemory.CLIENT);
    flow.vip = m.get(INT, at + FlowMemory.VIP);
    flow.backend = m.get(INT, at + FlowMemory.BACKEND);
    flow.ports = m.get(INT, at + FlowMemory.PORTS);
    flow.load = m.get(INT, at + FlowMemory.LOAD);
    flow.sinceMillis = m.get(INT, at + FlowMemory.SINCE);
    flow.tried = m.get(LONG, at + FlowMemory.TRIED);
  }

  /** Puts a flow in that has all but its place, which it gets. */
  public Insertion insert(Flow flow, int nowSeconds) {
    int index = allocate();
    if (index == NONE) {
      return Insertion.FULL;
    }
    int network = flow.vni << 8 | flow.protocol;
    int request = hash(network, flow.client, flow.vip, flow.ports);
    int reply = hash(network, flow.backend, flow.peer(), flow.ports);
    lock(request, reply);
    Insertion result = Insertion.DONE;
    if (walkRequests(request, network, flow.client, flow.vip, flow.ports) != NONE) {
      result = Insertion.EXISTS;
    } else if (walkReplies(reply, network, flow.backend, flow.peer(), flow.ports) != NONE) {
      result = Insertion.REPLY_TAKEN;
    } else {
      write(index, flow, nowSeconds);
      link(index, request, reply);
    }
    unlock(request, reply);
    if (result == Insertion.DONE) {
      size.incrementAndGet();
    } else {
      free(index);
    }
    return result;
  }

  private void write(int index, Flow flow, int nowSeconds) {
    long at = layout.record(index);
    m.set(INT, at + FlowMemory.CLIENT, flow.client);
    m.set(INT, at + FlowMemory.VIP, flow.vip);
    m.set(INT, at + FlowMemory.BACKEND, flow.backend);
    m.set(INT, at + FlowMemory.PORTS, flow.ports);
    m.set(INT, at + FlowMemory.NETWORK, flow.vni << 8 | flow.protocol);
    m.set(INT, at + FlowMemory.SEEN, nowSeconds);
    m.set(INT, at + FlowMemory.SINCE, flow.sinceMillis);
    m.set(INT, at + FlowMemory.LOAD, flow.load);
    m.set(LONG, at + FlowMemory.TRIED, flow.tried);
    int generation = m.get(INT, at + FlowMemory.WORD) & -GENERATION;
    flow.index = index;
    flow.word = (generation + GENERATION) | (flow.word & STATE_BITS);
    // Last: a process that dies before has written nothing.
    INTS.setRelease(m, at + FlowMemory.WORD, flow.word);
  }

  private void link(int index, int request, int reply) {
    long at = layout.record(index);
    m.set(INT, at + FlowMemory.NEXT_REQUEST, m.get(INT, requestHead(request)));
    m.set(INT, at + FlowMemory.NEXT_REPLY, m.get(INT, replyHead(reply)));
    m.set(INT, requestHead(request), index + 1);
    m.set(INT, replyHead(reply), index + 1);
  }

  /**
   * Takes out a flow that was found.
   *
   * @return whether it was still there: of several threads one gets true
   */
  public boolean remove(Flow flow) {
    int network = flow.vni << 8 | flow.protocol;
    int request = hash(network, flow.client, flow.vip, flow.ports);
    int reply = hash(network, flow.backend, flow.peer(), flow.ports);
    long at = layout.record(flow.index);
    lock(request, reply);
    boolean there = retire(at, flow);
    if (there) {
      unlink(requestHead(request), FlowMemory.NEXT_REQUEST, flow.index + 1);
      unlink(replyHead(reply), FlowMemory.NEXT_REPLY, flow.index + 1);
    }
    unlock(request, reply);
    if (there) {
      size.decrementAndGet();
      free(flow.index);
    }
    return there;
  }

  /** Makes it free unless it has become another flow; the flow gets its last state. */
  private boolean retire(long at, Flow flow) {
    int word;
    do {
      word = (int) INTS.getVolatile(m, at + FlowMemory.WORD);
      if ((word & -GENERATION) != (flow.word & -GENERATION) || (word & STATE_BITS) == 0) {
        return false;
      }
    } while (!INTS.compareAndSet(m, at + FlowMemory.WORD, word, word & -GENERATION));
    flow.word = word;
    return true;
  }

  private void unlink(long head, long next, int number) {
    long at = head;
    while (m.get(INT, at) != number) {
      at = layout.record(m.get(INT, at) - 1) + next;
    }
    m.set(INT, at, m.get(INT, layout.record(number - 1) + next));
  }

  /**
   * Takes note of a frame of the flow.
   *
   * @param tcpFlags of a TCP segment; -1 for another protocol
   * @return the state before; the flow has the one after
   */
  public FlowState track(Flow flow, boolean fromClient, int tcpFlags, int nowSeconds) {
    long at = layout.record(flow.index);
    if (m.get(INT, at + FlowMemory.SEEN) != nowSeconds) {
      m.set(INT, at + FlowMemory.SEEN, nowSeconds);
    }
    FlowState before = flow.state();
    FlowState after = after(before, fromClient, tcpFlags);
    while (after != before) {
      int word = (flow.word & -GENERATION) | after.code();
      if (INTS.compareAndSet(m, at + FlowMemory.WORD, flow.word, word)) {
        flow.word = word;
        return before;
      }
      int now = (int) INTS.getVolatile(m, at + FlowMemory.WORD);
      if ((now & -GENERATION) != (flow.word & -GENERATION) || (now & STATE_BITS) == 0) {
        return before; // it went away meanwhile
      }
      flow.word = now;
      before = flow.state();
      after = after(before, fromClient, tcpFlags);
    }
    return before;
  }

  private static FlowState after(FlowState state, boolean fromClient, int tcpFlags) {
    return tcpFlags < 0 ? state.afterDatagram(fromClient) : state.afterTcp(fromClient, tcpFlags);
  }

  /**
   * Takes out the idle ones among the next records; one thread at a time.
   *
   * @param flow to tell by
   * @param removed told each, with its last state
   */
  public void expire(int nowSeconds, int records, Flow flow, Consumer<Flow> removed) {
    int end = highWater();
    for (int i = 0; i < Math.min(records, end); i++) {
      cursor = cursor + 1 < end ? cursor + 1 : 0;
      long at = layout.record(cursor);
      FlowState state = FlowState.of((int) INTS.getAcquire(m, at + FlowMemory.WORD) & STATE_BITS);
      if (state != FlowState.FREE
          && nowSeconds - m.get(INT, at + FlowMemory.SEEN) > state.idleSeconds()) {
        take(cursor, flow, removed);
      }
    }
  }

  /**
   * Makes room: of the next records takes out the oldest that nobody answered or that is closed.
   *
   * @return whether there was one
   */
  public boolean evict(Flow flow, Consumer<Flow> removed) {
    int end = highWater();
    int oldest = NONE;
    int oldestSeen = Integer.MAX_VALUE;
    for (int i = 0; i < Math.min(EVICTION_SAMPLE, end); i++) {
      int index = hand.getAndUpdate(h -> h + 1 < end ? h + 1 : 0);
      long at = layout.record(index);
      FlowState state = FlowState.of((int) INTS.getAcquire(m, at + FlowMemory.WORD) & STATE_BITS);
      int seen = m.get(INT, at + FlowMemory.SEEN);
      boolean mayGo = state.isUnreplied() || (state != FlowState.FREE && !state.isOpen());
      if (mayGo && seen < oldestSeen) {
        oldest = index;
        oldestSeen = seen;
      }
    }
    return oldest != NONE && take(oldest, flow, removed);
  }

  private boolean take(int index, Flow flow, Consumer<Flow> removed) {
    copy(index, flow);
    boolean taken = flow.state() != FlowState.FREE && remove(flow);
    if (taken) {
      removed.accept(flow);
    }
    return taken;
  }

  /** Shows every flow; for the time before the loops run. */
  public void each(Flow flow, Consumer<Flow> visitor) {
    int end = highWater();
    for (int i = 0; i < end; i++) {
      copy(i, flow);
      if (flow.state() != FlowState.FREE) {
        visitor.accept(flow);
      }
    }
  }

  /** Changes the number of the flow's load; for the time before the loops run. */
  void load(Flow flow, int load) {
    m.set(INT, layout.record(flow.index) + FlowMemory.LOAD, load);
  }

  /** The records of an earlier process are the truth; the index is made anew. */
  private void adopt() {
    layout.clearIndex();
    int end = highWater();
    Flow flow = new Flow();
    for (int i = 0; i < end; i++) {
      copy(i, flow);
      int network = flow.vni << 8 | flow.protocol;
      int request = hash(network, flow.client, flow.vip, flow.ports);
      int reply = hash(network, flow.backend, flow.peer(), flow.ports);
      if (flow.state() == FlowState.FREE
          || walkRequests(request, network, flow.client, flow.vip, flow.ports) != NONE) {
        m.set(INT, layout.record(i) + FlowMemory.WORD, flow.word & -GENERATION);
        free(i);
      } else {
        link(i, request, reply);
        size.incrementAndGet();
      }
    }
  }

  private int allocate() {
    long head = (long) LONGS.getVolatile(m, FlowMemory.FREE_HEAD);
    while ((int) head != 0) {
      int index = (int) head - 1;
      int next = (int) INTS.getOpaque(m, layout.record(index) + FlowMemory.NEXT_REPLY);
      if (LONGS.compareAndSet(m, FlowMemory.FREE_HEAD, head, tagged(head, next))) {
        return index;
      }
      head = (long) LONGS.getVolatile(m, FlowMemory.FREE_HEAD);
    }
    int mark = (int) INTS.getVolatile(m, FlowMemory.HIGH_WATER);
    while (mark < layout.capacity) {
      if (INTS.compareAndSet(m, FlowMemory.HIGH_WATER, mark, mark + 1)) {
        return mark;
      }
      mark = (int) INTS.getVolatile(m, FlowMemory.HIGH_WATER);
    }
    return NONE;
  }

  private void free(int index) {
    long head;
    do {
      head = (long) LONGS.getVolatile(m, FlowMemory.FREE_HEAD);
      INTS.setOpaque(m, layout.record(index) + FlowMemory.NEXT_REPLY, (int) head);
    } while (!LONGS.compareAndSet(m, FlowMemory.FREE_HEAD, head, tagged(head, index + 1)));
  }

  /** The upper half counts changes, so that a head that came back is not taken for unchanged. */
  private static long tagged(long head, int number) {
    return ((head >>> 32) + 1) << 32 | number;
  }

  private void lock(int hashA, int hashB) {
    long a = FlowMemory.stripe(hashA & mask);
    long b = FlowMemory.stripe(hashB & mask);
    lock(Math.min(a, b));
    if (a != b) {
      lock(Math.max(a, b));
    }
  }

  private void lock(long stripe) {
    for (int spins = 0; ; spins++) {
      int version = (int) INTS.getVolatile(m, stripe);
      if ((version & 1) == 0 && INTS.compareAndSet(m, stripe, version, version + 1)) {
        VarHandle.fullFence();
        return;
      }
      pause(spins);
    }
  }

  private void unlock(int hashA, int hashB) {
    long a = FlowMemory.stripe(hashA & mask);
    long b = FlowMemory.stripe(hashB & mask);
    INTS.setRelease(m, a, m.get(INT, a) + 1);
    if (a != b) {
      INTS.setRelease(m, b, m.get(INT, b) + 1);
    }
  }

  /** On few processors the one who is waited for may have to be let run. */
  @SuppressWarnings("ThreadPriorityCheck") // correct without, only slower
  private static void pause(int spins) {
    if (spins < SPINS) {
      Thread.onSpinWait();
    } else {
      Thread.yield();
    }
  }

  private long requestHead(int hash) {
    return layout.requestHeads + 4L * (hash & mask);
  }

  private long replyHead(int hash) {
    return layout.replyHeads + 4L * (hash & mask);
  }

  /** Its low bits number the chain, and the low bits of that the stripe: a chain has one. */
  private static int hash(int network, int a, int b, int ports) {
    long h = ((a & 0xffffffffL) | (long) b << 32) * 0x9e3779b97f4a7c15L;
    h ^= h >>> 32;
    h = (h + ((ports & 0xffffffffL) | (long) network << 32)) * 0xd6e8feb86659fd93L;
    h ^= h >>> 32;
    h *= 0xd6e8feb86659fd93L;
    return (int) (h >>> 32);
  }

  @Override
  public void close() {
    layout.close();
  }
}
