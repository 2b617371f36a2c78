package io.meshd.testcluster.bench;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.Backend;
import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.lb.LoadBalancer;
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

/** A switch without wires whose clients dial one virtual IP; its backends are on another node. */
final class BalancedSwitch implements AutoCloseable {
  private static final int VNI = 4097;
  private static final int NETWORK = 0x0a000000;
  private static final int VIP = NETWORK + 2;
  private static final int FIRST_CLIENT = NETWORK + 1000;
  private static final int CLIENTS = 50;
  private static final int FIRST_BACKEND = NETWORK + 0x10000;
  private static final int FRAME =
      EthernetHeader.LENGTH + Ipv4Header.MIN_LENGTH + TcpHeader.MIN_LENGTH;

  private final MemorySegment memory = Arena.ofAuto().allocate(256, 64);
  private final LoadBalancer balancer;
  private final VirtualSwitch virtualSwitch;
  private ForwardingTables tables;

  /**
   * @param file of the flow table; null for memory of this process
   * @param capacity in flows
   */
  BalancedSwitch(int backends, @Nullable Path file, int capacity) throws IOException {
    balancer = LoadBalancer.open(file, capacity, System::nanoTime);
    tables = ForwardingTables.compile(spec(backends), Integer::parseInt, balancer);
    virtualSwitch = new VirtualSwitch(tables, balancer, new LoopCounters());
  }

  void use(ForwardingSpec spec) {
    tables = tables.next(spec, Integer::parseInt, balancer);
    virtualSwitch.use(tables);
  }

  /** So many connections send their SYN, each one new. */
  void open(int from, int to) {
    send(from, to, TcpHeader.SYN);
    if (balancer.flows().size() < to) {
      throw new IllegalStateException(balancer.flows().size() + " flows, not " + to);
    }
  }

  /** They send a frame each. */
  void known(int from, int to) {
    send(from, to, TcpHeader.ACK);
  }

  private void send(int from, int to, int flags) {
    for (int i = from; i < to; i++) {
      int client = i % CLIENTS;
      write(FIRST_CLIENT + client, 1024 + i / CLIENTS, flags);
      ForwardingDecision decision = virtualSwitch.fromPort(client, memory, 0, FRAME, false);
      if (decision.vtepCount() != 1) {
        throw new IllegalStateException("frame " + i + " was not sent");
      }
    }
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

  static ForwardingSpec spec(int count) {
    List<ForwardingSpec.LocalPort> ports = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      ports.add(new ForwardingSpec.LocalPort(Integer.toString(i), address(FIRST_CLIENT + i)));
    }
    Ipv4Address other = Ipv4Address.parse("10.99.0.2");
    List<ForwardingSpec.RemoteEndpoint> remotes = new ArrayList<>();
    List<Backend> backends = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Address backend = address(FIRST_BACKEND + i);
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

  private static Address address(int ip) {
    return new Address(new Ipv4Address(ip), new MacAddress(mac(ip)));
  }

  private static long mac(int ip) {
    return 0x0242_0000_0000L | (ip & 0xffffffffL);
  }

  @Override
  public void close() {
    balancer.close();
  }
}
