package io.meshd.daemon.doctor;

import io.meshd.daemon.reconcile.OverlayNetwork;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.dataplane.PathMtu;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * VXLAN's UDP port there and back, and what the paths carry: every path is asked anew by the data
 * plane's own probes (DF set), and what it carries compared with what the networks have their MTU
 * from.
 */
final class PathCheck implements Check {
  /** A search after silence tells its first result after 2 s and a second after every failure. */
  private static final Duration PATIENCE = Duration.ofSeconds(6);

  private static final long LOOK_MILLIS = 50;

  @Override
  public String name() {
    return "vxlan";
  }

  @Override
  public void look(Subject subject, Notes notes) throws InterruptedException {
    Need need = Need.of(subject);
    Map<String, PathMtu> paths = confirmed(subject, need);
    List<String> unasked = new ArrayList<>();
    Map<Integer, List<String>> carried = new TreeMap<>();
    for (NodeRecord node : subject.others()) {
      PathMtu path = paths.get(node.vtep());
      if (path == null) {
        unasked.add(node.hostname());
      } else if (path.mtu() == 0 || stale(path)) {
        notes.error(
            "%s does not answer on UDP %d at %s, this node's packets or its answers are lost"
                .formatted(node.hostname(), subject.dataPort(), node.vtep()),
            "let UDP %d pass both ways between the nodes (host firewalls, security groups)"
                .formatted(subject.dataPort()));
      } else if (path.mtu() < need.bytes) {
        notes.warning(
            ("packets of %d bytes do not pass to %s (%s), of %d they do; network %s counts on"
                    + " them, and larger packets are cut or answered with ICMP")
                .formatted(need.bytes, node.hostname(), node.vtep(), path.mtu(), need.network),
            ("raise the MTU of what is between the nodes to %d, or make the network with"
                    + " --opt %s=%d")
                .formatted(need.bytes, NetworkRecord.MTU_OPTION, path.mtu()));
      } else {
        carried.computeIfAbsent(path.mtu(), mtu -> new ArrayList<>()).add(node.hostname());
      }
    }
    carried.forEach(
        (mtu, nodes) -> notes.ok("%d bytes pass to %s".formatted(mtu, String.join(", ", nodes))));
    if (!unasked.isEmpty() || notes.isEmpty()) {
      notes.ok(
          unasked.isEmpty()
              ? "there is no other node"
              : "not asked, as no network is shared with " + String.join(", ", unasked));
    }
  }

  /** The largest packet of the underlay that a network of the cluster counts on. */
  private record Need(int bytes, String network) {
    static Need of(Subject subject) {
      Need most = new Need(0, "");
      for (NetworkRecord network : subject.state().networks().values()) {
        int bytes = OverlayNetwork.underlayMtu(network, subject.dataplane().underlayMtu());
        if (bytes > most.bytes) {
          most = new Need(bytes, network.name());
        }
      }
      return most;
    }
  }

  /** By VTEP, when all are known to carry what is needed or had their time for it. */
  private static Map<String, PathMtu> confirmed(Subject subject, Need need)
      throws InterruptedException {
    long asked = System.nanoTime();
    subject.dataplane().confirmPaths();
    List<String> vteps = subject.others().stream().map(NodeRecord::vtep).toList();
    for (; ; ) {
      Map<String, PathMtu> paths = new HashMap<>();
      subject.dataplane().paths().forEach(path -> paths.put(path.vtep().toString(), path));
      Duration waited = Duration.ofNanos(System.nanoTime() - asked);
      boolean all =
          vteps.stream()
              .map(paths::get)
              .allMatch(
                  path -> path == null || (path.mtu() >= need.bytes && isConfirmed(path, waited)));
      if (all || waited.compareTo(PATIENCE) > 0) {
        return paths;
      }
      Thread.sleep(LOOK_MILLIS);
    }
  }

  private static boolean isConfirmed(PathMtu path, Duration within) {
    Duration ago = path.confirmed();
    return ago != null && ago.compareTo(within) < 0;
  }

  /** Not confirmed by the question of just now. */
  private static boolean stale(PathMtu path) {
    return !isConfirmed(path, PATIENCE.plusSeconds(1));
  }
}
