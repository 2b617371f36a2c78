package io.meshd.dataplane.loop;

import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.DataplaneConfig;
import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.PathMtu;
import io.meshd.dataplane.Probe;
import io.meshd.dataplane.ProbeStep;
import io.meshd.dataplane.TapAttachment;
import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.offload.Rehearsal;
import io.meshd.dataplane.seal.ReplayMemory;
import io.meshd.dataplane.seal.SealTable;
import io.meshd.dataplane.switching.ForwardingTables;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.tap.TapDevice;
import io.meshd.dataplane.underlay.PathProber;
import io.meshd.dataplane.underlay.UdpUnderlay;
import io.meshd.dataplane.vxlan.PathTable;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The data plane on data loops. Changes come from any thread, one at a time; each makes new tables
 * and waits until every loop uses them. A TAP that disappears (with its namespace) is let go, with
 * one line in the log; its port is then one without TAP.
 */
public final class LoopDataplane implements Dataplane {
  private static final Logger LOG = LoggerFactory.getLogger(LoopDataplane.class);

  private static final Duration TICK = Duration.ofMillis(100);

  private final MultiThreadIoEventLoopGroup group;
  private final UdpUnderlay underlay;
  private final LoadBalancer balancer;
  private final ReplayMemory windows;
  private final List<DataLoop> loops;
  private final PathProber prober;
  private final UnderlayHandle receiving;
  private final NamespaceWatch watch;

  // Guarded by this.
  private final Map<String, AttachedTap> taps = new HashMap<>();
  private final BitSet slots = new BitSet();
  private final SealTable.Compiler sealTables;
  private ForwardingSpec spec = ForwardingSpec.EMPTY;
  private ForwardingTables tables = ForwardingTables.EMPTY;
  private SealTable seals = SealTable.EMPTY;
  private boolean closed;

  private LoopDataplane(
      Ipv4Address vtep,
      MultiThreadIoEventLoopGroup group,
      UdpUnderlay underlay,
      LoadBalancer balancer,
      ReplayMemory windows,
      PathProber prober,
      List<DataLoop> loops) {
    this.group = group;
    this.underlay = underlay;
    this.balancer = balancer;
    this.windows = windows;
    this.loops = loops;
    this.prober = prober;
    sealTables = new SealTable.Compiler(vtep);
    receiving = loops.getFirst().underlay(underlay.receivingDescriptor(), windows, prober);
    watch = new NamespaceWatch(this::forgetDeletedNamespaces);
  }

  /** As {@link Dataplane#open}. */
  public static LoopDataplane open(DataplaneConfig config) throws IOException {
    if (config.loops() < 1) {
      throw new IllegalArgumentException("at least one data loop: " + config.loops());
    }
    if (!Epoll.isAvailable()) {
      throw new IOException("epoll is not available", Epoll.unavailabilityCause());
    }
    // The port tells one daemon from another, so the flow table has one user at a time.
    UdpUnderlay underlay = UdpUnderlay.open(config.vtep(), config.vxlanPort());
    ReplayMemory windows;
    try {
      windows = windows(config.flowTable());
    } catch (IOException | RuntimeException e) {
      underlay.close();
      throw e;
    }
    LoadBalancer balancer;
    try {
      balancer = LoadBalancer.open(config.flowTable(), config.flowCapacity(), System::nanoTime);
    } catch (IOException | RuntimeException e) {
      windows.close();
      underlay.close();
      throw e;
    }
    MultiThreadIoEventLoopGroup group =
        new MultiThreadIoEventLoopGroup(
            config.loops(),
            new DefaultThreadFactory("meshd-data", true),
            EpollIoHandler.newFactory());
    try {
      PathTable paths = PathTable.unknown(underlay.mtu());
      List<DataLoop> loops = new ArrayList<>();
      for (int i = 0; i < config.loops(); i++) {
        IoEventLoop eventLoop = group.next();
        LoopCounters counters = new LoopCounters();
        loops.add(
            new DataLoop(
                eventLoop, underlay.sender(config.vtep(), counters), paths, balancer, counters));
      }
      PathProber prober =
          underlay.prober(
              config.vtep(),
              config.paths(),
              table -> loops.forEach(loop -> loop.use(table)),
              loops.getFirst().counters());
      LoopDataplane dataplane =
          new LoopDataplane(
              config.vtep(), group, underlay, balancer, windows, prober, List.copyOf(loops));
      loops
          .getFirst()
          .every(
              TICK,
              () -> {
                balancer.tick();
                prober.tick(System.nanoTime());
              });
      dataplane.receiving.register();
      Thread.ofPlatform().daemon().name("meshd-rehearsal").start(Rehearsal::run);
      return dataplane;
    } catch (IOException e) {
      stop(group);
      balancer.close();
      windows.close();
      underlay.close();
      throw e;
    }
  }

  /** Beside the flows, for the same successor. */
  private static ReplayMemory windows(@Nullable Path flows) throws IOException {
    return flows == null
        ? ReplayMemory.anonymous()
        : ReplayMemory.map(flows.resolveSibling(flows.getFileName() + ".replay"));
  }

  @Override
  public synchronized void attachTap(TapAttachment asked) throws IOException {
    if (closed) {
      throw new IOException("the data plane is closed");
    }
    String namespace = AttachedTap.namespaceOf(asked.netns());
    AttachedTap old = taps.get(asked.port());
    if (old != null) {
      if (old.serves(asked)) {
        return;
      }
      release(old);
    }
    TapDevice device = TapDevice.open(asked.netns(), asked.device());
    int slot = slots.nextClearBit(0);
    slots.set(slot);
    DataLoop loop = loopOf(slot);
    TapHandle handle = loop.tap(device, slot, () -> gone(asked.port(), device));
    taps.put(asked.port(), new AttachedTap(asked, namespace, slot, device, handle));
    swap();
    handle.register();
  }

  /** The first loop receives from the underlay; others, where there are, share the TAPs. */
  private DataLoop loopOf(int slot) {
    int others = loops.size() - 1;
    return others == 0 ? loops.getFirst() : loops.get(1 + slot % others);
  }

  @Override
  public synchronized void detachTap(String port) {
    AttachedTap tap = taps.get(port);
    if (tap != null) {
      tap.device().deleteOnClose();
      release(tap);
    }
  }

  /** On a loop; the rest is not the loop's work. */
  private void gone(String port, TapDevice device) {
    Thread.ofVirtual().name("meshd-tap-gone").start(() -> forget(port, device));
  }

  private synchronized void forget(String port, TapDevice device) {
    AttachedTap tap = taps.get(port);
    if (tap != null && tap.device() == device) {
      LOG.info("device {} of port {} is gone", device.name(), port);
      release(tap);
    }
  }

  private synchronized void forgetDeletedNamespaces() {
    List<AttachedTap> gone = taps.values().stream().filter(tap -> !tap.namespaceIsThere()).toList();
    for (AttachedTap tap : gone) {
      LOG.info("the network namespace of port {} is gone", tap.attachment().port());
      tap.device().deleteOnClose();
      release(tap);
    }
  }

  /** Closes the descriptor when no loop can use its number any more. */
  private void release(AttachedTap tap) {
    taps.remove(tap.attachment().port());
    tap.handle().unregister();
    swap();
    slots.clear(tap.slot());
    tap.device().close();
  }

  @Override
  public synchronized void apply(ForwardingSpec spec) {
    this.spec = spec;
    if (!closed) {
      swap();
    }
  }

  private void swap() {
    tables =
        tables.next(
            spec,
            port -> {
              AttachedTap tap = taps.get(port);
              return tap == null ? ForwardingTables.NO_SLOT : tap.slot();
            },
            balancer);
    seals = sealTables.compile(spec);
    @Nullable TapDevice[] devices = new TapDevice[slots.length()];
    taps.values().forEach(tap -> devices[tap.slot()] = tap.device());
    List<Future<?>> done = new ArrayList<>();
    for (DataLoop loop : loops) {
      done.add(loop.use(tables, seals, devices));
    }
    done.forEach(DrainingHandle::await);
    int[] vteps = vteps();
    loops.getFirst().executor().execute(() -> prober.use(vteps, System.nanoTime()));
  }

  /** All that the tables send to, sorted. */
  private int[] vteps() {
    return spec.networks().stream()
        .flatMap(
            network ->
                Stream.concat(
                    network.vteps().stream(),
                    network.remotes().stream().map(ForwardingSpec.RemoteEndpoint::vtep)))
        .mapToInt(Ipv4Address::bits)
        .distinct()
        .sorted()
        .toArray();
  }

  @Override
  public List<PathMtu> paths() {
    return prober.paths(System.nanoTime());
  }

  @Override
  public void confirmPaths() {
    loops.getFirst().executor().execute(() -> prober.hurry(System.nanoTime()));
  }

  @Override
  public int underlayMtu() {
    return underlay.mtu();
  }

  @Override
  public synchronized ProbeStep tryFromPort(String port, Probe probe) throws IOException {
    AttachedTap tap = taps.get(port);
    return trial().fromPort(port, tap == null ? ForwardingTables.NO_SLOT : tap.slot(), probe);
  }

  @Override
  public synchronized ProbeStep tryFromUnderlay(Ipv4Address vtep, byte[] datagram)
      throws IOException {
    return trial().fromUnderlay(vtep, datagram);
  }

  private FrameTrial trial() {
    Map<Integer, String> ports = new HashMap<>();
    taps.forEach((port, tap) -> ports.put(tap.slot(), port));
    return new FrameTrial(spec, tables, seals, slot -> ports.getOrDefault(slot, ""));
  }

  @Override
  public List<Executor> loops() {
    return loops.stream().map(DataLoop::executor).toList();
  }

  @Override
  public Map<String, Long> counters() {
    Map<String, Long> totals = new TreeMap<>();
    loops.forEach(loop -> loop.counters().addTo(totals));
    balancer.addTo(totals);
    paths().forEach(path -> totals.put("path.mtu." + path.vtep(), (long) path.mtu()));
    return totals;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    watch.close();
    stop(group);
    loops.forEach(DataLoop::close);
    taps.values().forEach(tap -> tap.device().close());
    taps.clear();
    balancer.close();
    windows.close();
    underlay.close();
  }

  private static void stop(MultiThreadIoEventLoopGroup group) {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
