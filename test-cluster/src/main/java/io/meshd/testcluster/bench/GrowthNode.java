package io.meshd.testcluster.bench;

import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.DataplaneConfig;
import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.LocalPort;
import io.meshd.dataplane.ForwardingSpec.Network;
import io.meshd.dataplane.ForwardingSpec.RemoteEndpoint;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.TapAttachment;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A data plane with one endpoint here, one at its peer, and as many more to know as it is told. Run
 * in the node's namespace; prints {@code ready} when the endpoint's device eth0 (down, without
 * address) is there, and answers each line of its input with one line:
 *
 * <pre>
 * GrowthNode VTEP REMOTE-VTEP NETNS-PATH IP REMOTE-IP
 *   endpoints N             one network with so many endpoints elsewhere
 *   networks N              so many networks, ten endpoints in each
 *     -> milliseconds of a change of one endpoint (median of 21), bytes of heap in use
 *   changes RATE SECONDS    that many changes of one endpoint a second
 *     -> changes made a second, median and 99th percentile of milliseconds
 * </pre>
 */
public final class GrowthNode {
  private static final int VXLAN_PORT = 4789;
  private static final int LOOPS = 2;
  private static final int PER_NETWORK = 10;
  private static final int CHANGES = 21;

  /** Of the networks' own addresses: 10.0.0.0/8. */
  private static final int BASE = 0x0a000000;

  /** Endpoints that only have to be known begin here. */
  private static final int CROWD = BASE + 0x10000;

  private final Dataplane dataplane;
  private final Ipv4Address remote;
  private final LocalPort own;
  private final RemoteEndpoint peer;
  private ForwardingSpec with = ForwardingSpec.EMPTY;
  private ForwardingSpec without = ForwardingSpec.EMPTY;

  private GrowthNode(Dataplane dataplane, String[] arguments) {
    this.dataplane = dataplane;
    remote = Ipv4Address.parse(arguments[1]);
    own = new LocalPort("task", address(Ipv4Address.parse(arguments[3]).bits()));
    peer = new RemoteEndpoint(address(Ipv4Address.parse(arguments[4]).bits()), remote);
  }

  /** See the class. */
  public static void main(String[] arguments) throws IOException {
    DataplaneConfig config =
        new DataplaneConfig(Ipv4Address.parse(arguments[0]), VXLAN_PORT, LOOPS);
    try (Dataplane dataplane = Dataplane.open(config)) {
      dataplane.attachTap(new TapAttachment("task", Path.of(arguments[2]), "eth0"));
      GrowthNode node = new GrowthNode(dataplane, arguments);
      node.grow(1, 1);
      System.out.println("ready");
      BufferedReader commands =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String line = commands.readLine(); line != null; line = commands.readLine()) {
        System.out.println(node.answer(line.split(" ", -1)));
      }
      dataplane.detachTap("task");
    }
  }

  private String answer(String[] command) {
    int number = Integer.parseInt(command[1]);
    return switch (command[0]) {
      case "endpoints" -> grow(1, number);
      case "networks" -> grow(number, PER_NETWORK);
      case "changes" -> change(number, Integer.parseInt(command[2]));
      default -> throw new IllegalArgumentException(String.join(" ", command));
    };
  }

  private String grow(int networks, int endpoints) {
    with = spec(networks, endpoints, true);
    without = spec(networks, endpoints, false);
    double[] millis = new double[CHANGES];
    for (int i = 0; i < millis.length; i++) {
      millis[i] = apply(i);
    }
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return "%.4f %d".formatted(at(millis, 0.5), runtime.totalMemory() - runtime.freeMemory());
  }

  private String change(int rate, int seconds) {
    double[] millis = new double[rate * seconds];
    long begin = System.nanoTime();
    long between = TimeUnit.SECONDS.toNanos(1) / rate;
    for (int i = 0; i < millis.length; i++) {
      LockSupport.parkNanos(begin + i * between - System.nanoTime());
      millis[i] = apply(i);
    }
    double took = (System.nanoTime() - begin) / 1e9;
    return "%.0f %.4f %.4f".formatted(millis.length / took, at(millis, 0.5), at(millis, 0.99));
  }

  /** Until all loops have it, in milliseconds. */
  private double apply(int turn) {
    long begin = System.nanoTime();
    dataplane.apply(turn % 2 == 0 ? with : without);
    return (System.nanoTime() - begin) / 1e6;
  }

  private static double at(double[] values, double part) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[(int) (part * (sorted.length - 1))];
  }

  /**
   * @param more one endpoint more on the network of the two that talk
   */
  private ForwardingSpec spec(int networks, int endpoints, boolean more) {
    List<Network> all = new ArrayList<>();
    for (int n = 0; n < networks; n++) {
      List<RemoteEndpoint> remotes = new ArrayList<>();
      if (n == 0) {
        remotes.add(peer);
      }
      int count = endpoints + (more && n == 0 ? 1 : 0);
      while (remotes.size() < count) {
        remotes.add(new RemoteEndpoint(address(CROWD + remotes.size()), remote));
      }
      all.add(
          new Network(
              "n" + n,
              "n" + n,
              42 + n,
              new Ipv4Address(BASE + 1),
              null,
              n == 0 ? List.of(own) : List.of(),
              remotes,
              List.of(remote),
              false));
    }
    return new ForwardingSpec(all);
  }

  private static Address address(int ip) {
    return new Address(new Ipv4Address(ip), new MacAddress(0x0242_0000_0000L | (ip & 0xffffffffL)));
  }
}
