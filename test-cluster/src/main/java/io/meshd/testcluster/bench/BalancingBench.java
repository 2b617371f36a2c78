package io.meshd.testcluster.bench;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.Backend;
import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.lb.MaglevTable;
import io.meshd.dataplane.switching.ForwardingDecision;
import io.meshd.dataplane.switching.ForwardingTables;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.switching.VirtualSwitch;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.TcpHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a virtual IP costs without wires: a switch with ten backends is given the SYNs of a million
 * connections, and then a frame of each again.
 *
 * <pre>BalancingBench FLOW-TABLE-FILE</pre>
 *
 * <p>Prints figures as {@code test-cluster/bench} has them, and leaves the file for its size to be
 * looked at.
 */
public final class BalancingBench {
  private static final int FLOWS = 1_000_000;
  private static final int BACKENDS = 10;
  private static final int VNI = 4097;
  private static final int NETWORK = 0x0a010000;
  private static final int VIP = NETWORK + 2;
  private static final int FIRST_CLIENT = NETWORK + 1000;
  private static final int CLIENTS = 50;
  private static final int FRAME = EthernetHeader.LENGTH + 20 + 20;
  private static final int WARM_UP = 200_000;

  private final MemorySegment memory = Arena.ofAuto().allocate(256, 64);
  private final VirtualSwitch virtualSwitch;
  private long sent;

  private BalancingBench(VirtualSwitch virtualSwitch) {
    this.virtualSwitch = virtualSwitch;
  }

  /** See the class. */
  public static void main(String[] arguments) throws IOException {
    maglev();
    // Once for the compiler, in a table of its own.
    run(null, WARM_UP, 1 << 18);
    double[] perSecond = run(Path.of(arguments[0]), FLOWS, 1 << 20);
    System.out.printf("value vip new_flows_per_second %.0f%n", perSecond[0]);
    System.out.printf("value vip known_frames_per_second %.0f%n", perSecond[1]);
  }

  private static double[] run(@Nullable Path file, int flows, int capacity) throws IOException {
    try (LoadBalancer balancer = LoadBalancer.open(file, capacity, System::nanoTime)) {
      LoopCounters counters = new LoopCounters();
      VirtualSwitch virtualSwitch =
          new VirtualSwitch(
              ForwardingTables.compile(spec(), port -> Integer.parseInt(port), balancer),
              balancer,
              counters);
      BalancingBench bench = new BalancingBench(virtualSwitch);
      double opened = bench.perSecond(flows, TcpHeader.SYN);
      double known = bench.perSecond(flows, TcpHeader.ACK);
      if (bench.sent != 2L * flows || balancer.flows().size() != flows) {
        throw new IllegalStateException(
            bench.sent + " sent, " + balancer.flows().size() + " flows");
      }
      return new double[] {opened, known};
    }
  }

  private double perSecond(int flows, int flags) {
    long begin = System.nanoTime();
    for (int i = 0; i < flows; i++) {
      int client = i % CLIENTS;
      write(FIRST_CLIENT + client, 1024 + i / CLIENTS, flags);
      ForwardingDecision decision = virtualSwitch.fromPort(client, memory, 0, FRAME, false);
      sent += decision.vtepCount();
    }
    return flows * 1e9 / (System.nanoTime() - begin);
  }

  private void write(int client, int port, int flags) {
    EthernetHeader.destination(memory, 0, mac(VIP));
    EthernetHeader.source(memory, 0, mac(client));
    EthernetHeader.etherType(memory, 0, EthernetHeader.ETHERTYPE_IPV4);
    long ip = EthernetHeader.LENGTH;
    Ipv4Header.initialize(memory, ip, Ipv4Header.MIN_LENGTH);
    Ipv4Header.totalLength(memory, ip, FRAME - EthernetHeader.LENGTH);
    Ipv4Header.timeToLive(memory, ip, 64);
    Ipv4Header.protocol(memory, ip, Ipv4Header.PROTOCOL_TCP);
    Ipv4Header.source(memory, ip, client);
    Ipv4Header.destination(memory, ip, VIP);
    Ipv4Header.updateChecksum(memory, ip, Ipv4Header.MIN_LENGTH);
    long tcp = ip + Ipv4Header.MIN_LENGTH;
    TcpHeader.ports(memory, tcp, port, 80);
    TcpHeader.headerLength(memory, tcp, TcpHeader.MIN_LENGTH);
    TcpHeader.flags(memory, tcp, flags);
    TcpHeader.checksum(memory, tcp, 0);
    long pseudo =
        InternetChecksum.ofPseudoHeader(memory, ip, Ipv4Header.PROTOCOL_TCP, TcpHeader.MIN_LENGTH);
    TcpHeader.storeChecksum(
        memory, tcp, InternetChecksum.add(pseudo, memory, tcp, TcpHeader.MIN_LENGTH));
  }

  private static ForwardingSpec spec() {
    List<ForwardingSpec.LocalPort> ports = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      ports.add(new ForwardingSpec.LocalPort(Integer.toString(i), address(FIRST_CLIENT + i)));
    }
    Ipv4Address other = Ipv4Address.parse("10.99.0.2");
    List<ForwardingSpec.RemoteEndpoint> remotes = new ArrayList<>();
    List<Backend> backends = new ArrayList<>();
    for (int i = 0; i < BACKENDS; i++) {
      Address backend = address(NETWORK + 100 + i);
      remotes.add(new ForwardingSpec.RemoteEndpoint(backend, other));
      backends.add(new Backend("task" + i, backend.ip(), 100, false, 0));
    }
    return new ForwardingSpec(
        List.of(
            new ForwardingSpec.Network(
                "bench",
                "bench",
                VNI,
                new Ipv4Address(NETWORK + 1),
                null,
                ports,
                remotes,
                List.of(other),
                false,
                List.of(
                    new ForwardingSpec.VirtualService(
                        "service", "service", address(VIP), Balancing.DEFAULT, backends)))));
  }

  /** How many of the others' clients move when one of ten backends goes: the worst of the ten. */
  private static void maglev() {
    List<MaglevTable.Member> all = new ArrayList<>();
    for (int i = 0; i < BACKENDS; i++) {
      all.add(new MaglevTable.Member("task" + i, 100));
    }
    MaglevTable before = new MaglevTable(all);
    double worst = 0;
    for (int gone = 0; gone < BACKENDS; gone++) {
      List<MaglevTable.Member> rest = new ArrayList<>(all);
      rest.set(gone, new MaglevTable.Member("task" + gone, 0));
      MaglevTable after = new MaglevTable(rest);
      int others = 0;
      int moved = 0;
      for (int client = 0; client < FLOWS; client++) {
        long hash = MaglevTable.hash(NETWORK + client);
        int was = before.lookup(hash);
        others += was == gone ? 0 : 1;
        moved += was == gone || after.lookup(hash) == was ? 0 : 1;
      }
      worst = Math.max(worst, 100.0 * moved / others);
    }
    System.out.printf("value vip maglev_others_moved_percent %.3f%n", worst);
  }

  private static Address address(int ip) {
    return new Address(new Ipv4Address(ip), new MacAddress(mac(ip)));
  }

  private static long mac(int ip) {
    return 0x0242_0000_0000L | (ip & 0xffffffffL);
  }
}
