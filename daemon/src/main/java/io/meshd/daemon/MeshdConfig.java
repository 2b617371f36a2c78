package io.meshd.daemon;

import java.net.InetSocketAddress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What meshd is told at its start, by flags ({@code --data-dir X}) or by the same keys in
 * /etc/meshd/meshd.yaml ({@code data-dir: X}); flags win. Read by {@link ConfigReader}.
 *
 * @param dataDir {@code data-dir}: state that outlives a restart; default /var/lib/meshd
 * @param runDir {@code run-dir}: state that a reboot ends; default /run/meshd
 * @param socket {@code socket}: unix socket of the API; default meshd.sock in the run-dir
 * @param listenAddr {@code listen-addr}: literal IP:port of the control channel, once this node is
 *     in a cluster; default 0.0.0.0:2377
 * @param gossipPort {@code gossip-port}: UDP and TCP port of what the nodes tell each other, the
 *     same on every node of a cluster; default 7946
 * @param dataLoops {@code data-loops}: threads that forward frames, 1-64; default one per processor
 *     and at most 4, because more than that contend for one underlay
 * @param ingressLoops {@code ingress-loops}: threads that carry connections to published ports,
 *     1-64; default as data-loops
 * @param logLevel {@code log-level}: the least severe message that is logged; default info
 * @param hostname {@code hostname}: this node's name in the cluster; default the machine's
 * @param healthAddr {@code health-addr}: literal IP:port where load balancers ask whether this node
 *     can serve (docs/LOAD-BALANCERS.md); default null, not served
 * @param metricsAddr {@code metrics-addr}: literal IP:port where Prometheus finds the metrics
 *     (docs/OPERATING.md); default null, not served
 * @param dockerSocket {@code docker-socket}: unix socket of this node's Docker Engine, which need
 *     not be there; default /var/run/docker.sock
 * @param pluginSocket {@code plugin-socket}: the network plugin's, in the folder where the Engine
 *     looks for plugins, under the name of the driver; default /run/docker/plugins/meshd.sock
 */
public record MeshdConfig(
    Path dataDir,
    Path runDir,
    Path socket,
    InetSocketAddress listenAddr,
    int gossipPort,
    int dataLoops,
    int ingressLoops,
    LogLevel logLevel,
    String hostname,
    @Nullable InetSocketAddress healthAddr,
    @Nullable InetSocketAddress metricsAddr,
    Path dockerSocket,
    Path pluginSocket) {

  /** As in Logback, lower case in the file and on the command line. */
  public enum LogLevel {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
  }
}
