package io.meshd.dataplane.underlay;

import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.PathMtu;
import io.meshd.dataplane.PathTiming;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.switching.TrafficCounter;
import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.ErrorQueue;
import io.meshd.dataplane.sys.Iovecs;
import io.meshd.dataplane.sys.Libc;
import io.meshd.dataplane.sys.Messages;
import io.meshd.dataplane.vxlan.PathSearch;
import io.meshd.dataplane.vxlan.PathTable;
import io.meshd.dataplane.wire.PathProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the other VTEPs, with {@link PathProbe}s, what the paths to them carry, and answers theirs;
 * {@link PathSearch} says when and how large. Questions come from a socket of its own with DF set
 * and go, as answers do, to VXLAN's port, so that whatever lets VXLAN pass lets them pass. Answers
 * are known by a nonce that only who was asked has seen; nobody but VTEPs of the tables is
 * answered.
 *
 * <p>Belongs to the loop that receives from the underlay; only {@link #paths} is anybody's.
 */
public final class PathProber {
  private static final Logger LOG = LoggerFactory.getLogger(PathProber.class);

  /** IPv4 and UDP header: what a packet has more than its datagram. */
  private static final int HEADERS = 28;

  /** Answers of a tick; VTEPs ask a few times a minute each. */
  private static final int ANSWERS_PER_TICK = 200;

  /** Steps of one path in one tick, of which the interface itself refuses all but one. */
  private static final int STEPS_PER_TICK = 8;

  private final int fd;
  private final int port;
  private final int device;
  private final PathTiming timing;
  private final Consumer<PathTable> changed;
  private final LoopCounters counters;
  private final RandomGenerator random = new SplittableRandom(new SecureRandom().nextLong());
  private final MemorySegment datagram = Arena.ofAuto().allocate(PathSearch.MOST, 8);
  private final Iovecs iovecs = new Iovecs(1);
  private final Messages message = new Messages(1);
  private final ErrorQueue errors;
  private volatile Path[] paths = new Path[0];
  private int answersLeft;

  /** One VTEP. */
  private static final class Path {
    final int vtep;
    final PathSearch search;
    long nonce;
    int nonceSize;
    int logged;

    // For others than the loop.
    volatile int mtu;
    volatile long confirmedAt;

    Path(int vtep, PathSearch search) {
      this.vtep = vtep;
      this.search = search;
    }
  }

  /**
   * @param fd a socket bound to this node's VTEP that is {@link
   *     io.meshd.dataplane.sys.UdpSocket#probing}; its owner's to close
   * @param port VXLAN's
   * @param device MTU of the underlay's interface
   * @param changed is told on the loop whenever a path's MTU is another one
   */
  PathProber(
      int fd,
      int port,
      int device,
      PathTiming timing,
      Consumer<PathTable> changed,
      LoopCounters counters) {
    this.fd = fd;
    this.port = port;
    this.device = device;
    this.timing = timing;
    this.changed = changed;
    this.counters = counters;
    errors = new ErrorQueue(fd);
  }

  /**
   * Whom to ask from here on.
   *
   * @param vteps sorted, each once
   */
  public void use(int[] vteps, long now) {
    Path[] old = paths;
    Path[] renewed = new Path[vteps.length];
    for (int i = 0; i < vteps.length; i++) {
      Path path = find(old, vteps[i]);
      renewed[i] = path == null ? new Path(vteps[i], new PathSearch(timing, random, now)) : path;
    }
    paths = renewed;
    if (!Arrays.equals(old, renewed)) {
      tell();
      tick(now);
    }
  }

  private static @Nullable Path find(Path[] paths, int vtep) {
    int low = 0;
    int high = paths.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (paths[middle].vtep == vtep) {
        return paths[middle];
      }
      if (paths[middle].vtep < vtep) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
  }

  /** What is due; a few times a second. */
  public void tick(long now) {
    answersLeft = ANSWERS_PER_TICK;
    Path[] all = paths;
    boolean waits = false;
    for (Path path : all) {
      waits |= path.search.waits();
    }
    if (waits) {
      hear(now);
    }
    for (Path path : all) {
      advance(path, now);
    }
  }

  /** Asks now for what would be asked for later. */
  public void hurry(long now) {
    for (Path path : paths) {
      path.search.hurry(now);
    }
    tick(now);
  }

  private void advance(Path path, long now) {
    for (int i = 0; i < STEPS_PER_TICK; i++) {
      int size = path.search.due(now);
      if (size == 0) {
        break;
      }
      if (size != path.nonceSize) {
        path.nonce = random.nextLong();
        path.nonceSize = size;
      }
      ask(path, size, now);
    }
    int mtu = path.search.known();
    path.confirmedAt = path.search.confirmedAt();
    if (mtu != path.mtu) {
      path.mtu = mtu;
      tell();
    }
    if (mtu != path.logged && path.search.isSettled()) {
      log(path, mtu);
    }
  }

  private void log(Path path, int mtu) {
    Ipv4Address vtep = new Ipv4Address(path.vtep);
    if (path.logged != 0) {
      LOG.info("the path to {} carries {} bytes, no longer {}", vtep, mtu, path.logged);
    } else if (mtu < Math.min(device, PathSearch.MOST)) {
      LOG.info("the path to {} carries {} bytes, this node's interface {}", vtep, mtu, device);
    }
    path.logged = mtu;
  }

  private void ask(Path path, int size, long now) {
    // An error of an earlier datagram would be the result of this one.
    hear(now);
    if (path.search.size() != size || !path.search.waits()) {
      return;
    }
    int result = send(path.vtep, PathProbe.QUESTION, size, path.nonce, size - HEADERS);
    if (result > 0) {
      counters.count(TrafficCounter.PATH_PROBES, 1);
    } else if (result == -Errno.EMSGSIZE) {
      hear(now);
      if (path.search.size() == size && path.search.waits()) {
        path.search.tooBig(0, now);
      }
    }
  }

  /** What was said of earlier datagrams. */
  private void hear(long now) {
    while (errors.next()) {
      Path path = errors.isTooBig() ? find(paths, errors.destination()) : null;
      if (path != null) {
        path.search.tooBig(errors.mtu(), now);
      }
    }
  }

  private int send(int vtep, int kind, int size, long nonce, int length) {
    PathProbe.write(datagram, 0, kind, size, nonce);
    iovecs.set(0, datagram.address(), length);
    message.destination(0, vtep, port);
    message.segmentSize(0, 0);
    message.data(0, iovecs.address(0), 1);
    return Libc.sendmmsg(fd, message.address(0), 1, 0);
  }

  /**
   * A datagram that {@link PathProbe#is} one.
   *
   * @param vtep where it came from
   * @param length of the datagram
   * @return false for one that nobody has a use for
   */
  public boolean received(int vtep, MemorySegment m, long at, int length, long now) {
    Path path = find(paths, vtep);
    if (path == null) {
      return false;
    }
    int size = PathProbe.size(m, at);
    long nonce = PathProbe.nonce(m, at);
    if (PathProbe.kind(m, at) == PathProbe.QUESTION) {
      if (length + HEADERS != size || answersLeft == 0) {
        return false;
      }
      answersLeft--;
      counters.count(TrafficCounter.PATH_ANSWERS, 1);
      hear(now);
      send(vtep, PathProbe.ANSWER, size, nonce, PathProbe.LENGTH);
      return true;
    }
    if (PathProbe.kind(m, at) != PathProbe.ANSWER
        || nonce != path.nonce
        || size != path.nonceSize
        || size != path.search.size()) {
      return false;
    }
    path.search.answered(now);
    path.nonceSize = 0;
    advance(path, now);
    return true;
  }

  private void tell() {
    Path[] all = paths;
    int[] vteps = new int[all.length];
    int[] mtus = new int[all.length];
    for (int i = 0; i < all.length; i++) {
      vteps[i] = all[i].vtep;
      mtus[i] = all[i].mtu;
    }
    changed.accept(new PathTable(vteps, mtus, device));
  }

  /** What is known; on any thread. */
  public List<PathMtu> paths(long now) {
    List<PathMtu> known = new ArrayList<>();
    for (Path path : paths) {
      int mtu = path.mtu;
      known.add(
          new PathMtu(
              new Ipv4Address(path.vtep),
              mtu,
              mtu == 0 ? null : Duration.ofNanos(Math.max(0, now - path.confirmedAt))));
    }
    return known;
  }
}
