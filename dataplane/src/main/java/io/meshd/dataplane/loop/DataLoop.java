package io.meshd.dataplane.loop;

import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.seal.Opener;
import io.meshd.dataplane.seal.ReplayMemory;
import io.meshd.dataplane.seal.SealTable;
import io.meshd.dataplane.seal.Sealer;
import io.meshd.dataplane.switching.ForwardingTables;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.switching.VirtualSwitch;
import io.meshd.dataplane.sys.Libc;
import io.meshd.dataplane.sys.Processors;
import io.meshd.dataplane.sys.ProducerCpu;
import io.meshd.dataplane.sys.Scheduling;
import io.meshd.dataplane.tap.TapDevice;
import io.meshd.dataplane.underlay.PathProber;
import io.meshd.dataplane.underlay.UnderlayReceiver;
import io.meshd.dataplane.underlay.UnderlaySender;
import io.meshd.dataplane.vxlan.PathTable;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread of the data plane with all that its frames need, shared with no other: a frame that is
 * read here runs to its end here. Tables and TAPs are replaced by a task on the loop, that is
 * between two frames.
 */
final class DataLoop {
  private static final Logger LOG = LoggerFactory.getLogger(DataLoop.class);

  private final IoEventLoop eventLoop;
  private final LoopCounters counters;
  private final VirtualSwitch virtualSwitch;
  private final PortWriter ports;
  private final FramesOut framesOut;
  private final Precedence precedence;
  private final Nearness nearness;
  private final @Nullable ProducerCpu producer;
  private final Sealer sealer = new Sealer();
  private final PathTable firstPaths;
  private @Nullable Opener opener;
  private @Nullable FramesIn framesIn;

  DataLoop(
      IoEventLoop eventLoop,
      UnderlaySender sender,
      PathTable paths,
      LoadBalancer balancer,
      LoopCounters counters) {
    this.eventLoop = eventLoop;
    this.counters = counters;
    firstPaths = paths;
    Processors processors = new Processors();
    nearness = new Nearness(place(processors));
    producer = processors.count() > 1 ? producer() : null;
    precedence = new Precedence(System::nanoTime, this::schedule, this::later);
    eventLoop.execute(precedence::begin);
    virtualSwitch = new VirtualSwitch(ForwardingTables.EMPTY, balancer, counters);
    ports = new PortWriter(counters);
    framesOut = new FramesOut(virtualSwitch, ports, sender, paths, sealer, counters);
  }

  /**
   * Not reading yet. At most once, before anything is used.
   *
   * @param windows of this loop from here on, as is the prober
   */
  UnderlayHandle underlay(int descriptor, ReplayMemory windows, PathProber prober) {
    Opener opening = new Opener(windows);
    opener = opening;
    FramesIn in =
        new FramesIn(
            new UnderlayReceiver(descriptor),
            virtualSwitch,
            ports,
            framesOut,
            opening,
            prober,
            firstPaths,
            counters);
    framesIn = in;
    return new UnderlayHandle(
        eventLoop,
        precedence,
        nearness,
        descriptor,
        in,
        producer != null && producer.watchSocket(descriptor) == 0 ? producer : null);
  }

  /** Not reading yet. */
  TapHandle tap(TapDevice tap, int slot, Runnable onGone) {
    ProducerCpu watching = producer != null && producer.watch(tap.fd()) == 0 ? producer : null;
    return new TapHandle(eventLoop, precedence, nearness, tap, slot, framesOut, watching, onGone);
  }

  /** When the future is done, no frame is on its way by the old ones any more. */
  Future<?> use(ForwardingTables tables, SealTable seals, @Nullable TapDevice[] taps) {
    return eventLoop.submit(
        () -> {
          sealer.use(seals);
          if (opener != null) {
            opener.use(seals);
          }
          virtualSwitch.use(tables);
          ports.use(taps);
        });
  }

  /** Has the loop use other paths soon. */
  void use(PathTable paths) {
    try {
      eventLoop.execute(
          () -> {
            framesOut.use(paths);
            if (framesIn != null) {
              framesIn.use(paths);
            }
          });
    } catch (RejectedExecutionException ended) {
      LOG.debug("a loop has ended before it heard of new paths", ended);
    }
  }

  /** Runs something on this loop from time to time, until it ends. */
  void every(Duration interval, Runnable work) {
    long nanos = interval.toNanos();
    Future<?> ignored = eventLoop.scheduleAtFixedRate(work, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  private void later(Duration delay, Runnable work) {
    Future<?> ignored = eventLoop.schedule(work, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  private static Nearness.Place place(Processors processors) {
    return new Nearness.Place() {
      @Override
      public int current() {
        return processors.current();
      }

      @Override
      public boolean only(int processor) {
        return processors.only(processor);
      }

      @Override
      public void any() {
        processors.any();
      }
    };
  }

  /** Without it, a loop stays where the kernel puts it when frames of tasks come. */
  private static @Nullable ProducerCpu producer() {
    try {
      return ProducerCpu.open();
    } catch (IOException e) {
      LOG.info("a data loop does not follow its tasks (CAP_BPF): {}", e.getMessage());
      return null;
    }
  }

  private boolean schedule(boolean first) {
    boolean now = scheduled(first);
    nearness.first(now);
    return now;
  }

  /** Where it may not, it forwards as one of many, and says so. */
  private static boolean scheduled(boolean first) {
    int result = first ? Scheduling.first() : Scheduling.ordinary();
    if (result == 0) {
      return first;
    }
    LOG.info(
        "{} is scheduled as other threads are (CAP_SYS_NICE): {}",
        Thread.currentThread().getName(),
        Libc.strerror(-result));
    return !first;
  }

  Executor executor() {
    return eventLoop;
  }

  /** After the loop has ended. */
  void close() {
    sealer.close();
    if (opener != null) {
      opener.close();
    }
    if (producer != null) {
      producer.close();
    }
  }

  LoopCounters counters() {
    return counters;
  }
}
