package io.meshd.dataplane;

import io.meshd.dataplane.loop.LoopDataplane;
import io.meshd.dataplane.sys.AesGcm;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The data plane of a node. Thread-safe; calls return when the loops have taken the change. */
public interface Dataplane extends AutoCloseable {

  /**
   * Opens the underlay's sockets in the network namespace of the calling thread and starts the
   * loops, which forward nothing yet.
   *
   * @throws IOException in words: address not on this node, port taken
   */
  static Dataplane open(DataplaneConfig config) throws IOException {
    return LoopDataplane.open(config);
  }

  /**
   * What this machine lacks to carry encrypted networks, in words; null for nothing. Where
   * something is missing, their frames are dropped and all others go their way.
   */
  static @Nullable String missingForEncryption() {
    return AesGcm.missing();
  }

  /**
   * Makes the TAP (vnet_hdr, TSO, persistent) or takes it again if it is there; idempotent. The
   * device is left down and without address for a new one, as it was for an old one.
   *
   * @throws IOException in words: /dev/net/tun missing, namespace gone, device busy
   */
  void attachTap(TapAttachment tap) throws IOException;

  /** Stops reading it, makes it not persistent and closes it, so that the device goes away. */
  void detachTap(String port);

  /** Swaps the tables; a port without an attached TAP drops what is sent to it, counted. */
  void apply(ForwardingSpec spec);

  /**
   * Names as in {@code DropReason}, the traffic counters and the balancer's, and {@code
   * path.mtu.ADDRESS} for each of {@link #paths}; monotonic since start but for {@code
   * flows.active} and the latter.
   */
  Map<String, Long> counters();

  /** What the paths to the VTEPs of the tables carry. */
  List<PathMtu> paths();

  /**
   * Asks every path now whether it still carries that, and whether it carries more. One that does
   * is {@link PathMtu#confirmed} after a round trip; of one that carries less the first word comes
   * after 2 s; one that is silent stays as it was.
   */
  void confirmPaths();

  /**
   * MTU of the interface that has the VTEP's address, as it was when the data plane was opened;
   * 1500 where that is the loopback, or no interface has it.
   */
  int underlayMtu();

  /**
   * What would become of a packet that a port of this node sends; nothing comes of it.
   *
   * @param port as given to {@link #attachTap}
   */
  ProbeStep tryFromPort(String port, Probe probe) throws IOException;

  /**
   * What would become of a datagram of another node's; nothing comes of it.
   *
   * @param vtep that node's
   * @param datagram {@link ProbeStep#datagram} of its probe
   */
  ProbeStep tryFromUnderlay(Ipv4Address vtep, byte[] datagram) throws IOException;

  /** The threads that forward, each of which runs what it is given between two frames. */
  List<Executor> loops();

  /** Stops the loops and closes descriptors; persistent TAPs stay for the next start. */
  @Override
  void close();
}
