package io.meshd.dataplane.lb;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Choice;
import io.meshd.dataplane.wire.FrameView;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What all loops share of balancing: the flows, the backends' loads and ejections, and the clock. A
 * backend's load is the number of its open flows; whoever sees a flow open or close counts it.
 */
public final class LoadBalancer implements AutoCloseable {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;
  private static final long NANOS_PER_MILLI = 1_000_000L;

  /** All records are looked at within 50 ticks. */
  private static final int TICKS_PER_SCAN = 50;

  private static final int LEAST_SCAN = 1024;
  private static final int MOST_EVICTIONS = 4;

  /** What became of {@link #open}. */
  public enum Opening {
    OPENED,
    NO_BACKEND,
    /** No room, and nothing that may go for it. */
    FULL,
    /** Another thread opened it, or its replies would be another flow's. */
    CONFLICT
  }

  private record Cached(List<MaglevTable.Member> members, MaglevTable table) {}

  private final FlowTable flows;
  private final LongSupplier nanos;
  private final boolean trial;
  private final Backends backends = new Backends();
  private final SynStore syns = new SynStore();
  private final LongAdder opened = new LongAdder();
  private final LongAdder closed = new LongAdder();
  private final LongAdder evicted = new LongAdder();
  private final LongAdder ejections = new LongAdder();
  private final Consumer<Flow> onExpired = this::forget;
  private final Consumer<Flow> onEvicted = this::evicted;
  private final Flow swept = new Flow();
  private final Flow evicting = new Flow();
  private final Map<String, Cached> maglevs = new HashMap<>();
  private volatile int nowSeconds;

  private LoadBalancer(FlowTable flows, LongSupplier nanos, boolean trial) {
    this.flows = flows;
    this.nanos = nanos;
    this.trial = trial;
    nowSeconds = seconds();
    flows.each(swept, this::adopt);
  }

  /**
   * @param file of the flow table; null for memory of this process
   * @param capacity in flows
   * @param nanos a clock that only goes forward, and that an earlier process shared, as {@link
   *     System#nanoTime} since the machine's start
   */
  public static LoadBalancer open(@Nullable Path file, int capacity, LongSupplier nanos)
      throws IOException {
    return new LoadBalancer(FlowTable.open(file, capacity), nanos, false);
  }

  /**
   * One that chooses for flows of its own alone and leaves the backends' loads as they are: for
   * switches whose frames go nowhere, on tables that another one made.
   *
   * @param nanos that one's clock
   */
  public static LoadBalancer trial(LongSupplier nanos) throws IOException {
    return new LoadBalancer(FlowTable.open(null, 1), nanos, true);
  }

  /** How a service's backends stand now. */
  public List<ServiceTable.Standing> standings(ServiceTable service) {
    return service.standings(System.currentTimeMillis(), nanos.getAsLong() / NANOS_PER_MILLI);
  }

  /** A flow of an earlier process. */
  private void adopt(Flow flow) {
    BackendLoad load = backends.of(flow.vni, flow.backend, "");
    flows.load(flow, load.slot());
    if (flow.state().isOpen()) {
      load.opened();
    }
  }

  public FlowTable flows() {
    return flows;
  }

  /** A moment ago at worst. */
  public int nowSeconds() {
    return nowSeconds;
  }

  public int nowMillis() {
    return (int) (nanos.getAsLong() / NANOS_PER_MILLI);
  }

  private int seconds() {
    return (int) (nanos.getAsLong() / NANOS_PER_SECOND);
  }

  /** Before the services of a new spec are asked for; from one thread at a time, as those. */
  public void beginSpec() {
    backends.beginSpec();
  }

  /**
   * @param hasStation whether the network has an endpoint at an address; others get no flows
   * @param isLocal whether that is on this node
   */
  public ServiceTable service(
      int vni, ForwardingSpec.VirtualService spec, IntPredicate hasStation, IntPredicate isLocal) {
    List<Candidate> candidates = new ArrayList<>();
    for (ForwardingSpec.Backend backend : spec.backends()) {
      int ip = backend.ip().bits();
      if (hasStation.test(ip)) {
        candidates.add(
            new Candidate(
                backends.of(vni, ip, backend.id()),
                ip,
                backend.weight(),
                backend.draining(),
                isLocal.test(ip),
                backend.readySinceMillis()));
      }
    }
    MaglevTable everywhere = null;
    MaglevTable here = null;
    if (spec.balancing().choice() == Choice.CLIENT_ADDRESS) {
      String key = vni + "/" + spec.id();
      everywhere = maglev(key, candidates, false);
      here = spec.balancing().preferLocal() ? maglev(key + "/local", candidates, true) : null;
    }
    return new ServiceTable(spec.balancing(), candidates, everywhere, here);
  }

  /** A service of the last spec that is the same in the new one. */
  public void keep(ServiceTable service) {
    backends.keep(service.candidates());
  }

  /** The one made last if its members are these: a spec changes often, a service seldom. */
  private MaglevTable maglev(String key, List<Candidate> candidates, boolean onlyLocal) {
    List<MaglevTable.Member> members =
        candidates.stream()
            .map(
                c -> {
                  boolean takes = !c.draining() && (c.local() || !onlyLocal);
                  return new MaglevTable.Member(c.load().id, takes ? c.weight() : 0);
                })
            .toList();
    Cached cached = maglevs.get(key);
    if (cached == null || !cached.members().equals(members)) {
      cached = new Cached(members, new MaglevTable(members));
      maglevs.put(key, cached);
    }
    return cached.table();
  }

  /** Gives a new flow a backend and puts it into the table. */
  public Opening open(Flow flow, ServiceTable service, RandomGenerator random) {
    int evictions = 0;
    while (true) {
      Candidate chosen = choose(flow, service, random);
      if (chosen == null) {
        return flow.tried == 0 ? Opening.NO_BACKEND : Opening.CONFLICT;
      }
      long triedBefore = flow.tried;
      flow.assign(chosen, nowMillis());
      switch (flows.insert(flow, nowSeconds)) {
        case DONE -> {
          if (!trial) {
            chosen.load().opened();
          }
          opened.increment();
          return Opening.OPENED;
        }
        case EXISTS -> {
          return Opening.CONFLICT;
        }
        case FULL -> {
          flow.tried = triedBefore;
          if (++evictions > MOST_EVICTIONS || !evictOne()) {
            return Opening.FULL;
          }
        }
        case REPLY_TAKEN -> {
          // The next one; its replies may be told apart.
        }
      }
    }
  }

  private synchronized boolean evictOne() {
    return flows.evict(evicting, onEvicted);
  }

  /**
   * Gives a connection that its backend did not take another one.
   *
   * @return false when there is none left; the flow is as it was then
   */
  public boolean reassign(Flow flow, ServiceTable service, RandomGenerator random) {
    if (choose(flow, service, random) == null || !flows.remove(flow)) {
      return false;
    }
    forget(flow);
    return open(flow, service, random) == Opening.OPENED;
  }

  private @Nullable Candidate choose(Flow flow, ServiceTable service, RandomGenerator random) {
    return service.choose(
        flow.client,
        flow.tried,
        System.currentTimeMillis(),
        nanos.getAsLong() / NANOS_PER_MILLI,
        random);
  }

  /** A backend refused a connection or did not answer. */
  public void failed(Flow flow, ServiceTable service) {
    BackendLoad load = backends.at(flow.load);
    if (service.ejectsOutliers()
        && load != null
        && load.ejection().failed(nanos.getAsLong() / NANOS_PER_MILLI)) {
      ejections.increment();
    }
  }

  /** A backend took a connection. */
  public void connected(Flow flow) {
    BackendLoad load = backends.at(flow.load);
    if (load != null) {
      load.ejection().connected();
    }
  }

  /** An open flow has ended; it may linger in the table. */
  public void closed(Flow flow) {
    closed.increment();
    BackendLoad load = backends.at(flow.load);
    if (load != null) {
      load.closed();
    }
  }

  /** Takes a flow out. */
  public void remove(Flow flow) {
    if (flows.remove(flow)) {
      forget(flow);
    }
  }

  private void forget(Flow flow) {
    if (flow.state().isOpen()) {
      closed(flow);
    }
  }

  private void evicted(Flow flow) {
    evicted.increment();
    forget(flow);
  }

  /** Keeps the SYN of a flow just opened. */
  public void keepSyn(Flow flow, FrameView frame, boolean partial) {
    syns.put(flow, frame, partial);
  }

  /**
   * @return the length of the flow's SYN, or 0 if it is not kept any more
   */
  public int copySyn(Flow flow, MemorySegment to, long at) {
    return syns.copy(flow, to, at);
  }

  /** Several times a second, on one thread: the clock goes on and idle flows go. */
  public void tick() {
    nowSeconds = seconds();
    int records = Math.max(LEAST_SCAN, flows.highWater() / TICKS_PER_SCAN);
    flows.expire(nowSeconds, records, swept, onExpired);
  }

  /** Adds the counters, and {@code flows.active}, which also falls. */
  public void addTo(Map<String, Long> totals) {
    totals.put("flows.opened", opened.sum());
    totals.put("flows.closed", closed.sum());
    totals.put("flows.evicted", evicted.sum());
    totals.put("flows.active", (long) flows.size());
    totals.put("backends.ejections", ejections.sum());
  }

  @Override
  public void close() {
    flows.close();
  }
}
