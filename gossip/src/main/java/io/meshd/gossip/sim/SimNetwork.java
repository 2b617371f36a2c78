package io.meshd.gossip.sim;

import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.PacketCodec;
import io.meshd.gossip.wire.StreamCodec;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiPredicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What lies between the members: who reaches whom, what is lost, how long it takes. */
public final class SimNetwork {
  private static final long DELAY_NANOS = 500_000;
  private static final long JITTER_NANOS = 1_000_000;

  final VirtualTime time = new VirtualTime();
  final PacketCodec packets = new PacketCodec("", null);
  final StreamCodec streams = new StreamCodec("", null);
  private final SplittableRandom random;
  private final Map<Address, SimMachine> machines = new HashMap<>();
  private final Set<BiPredicate<Address, Address>> cuts = new HashSet<>();
  private double loss;
  private int nextHost;

  public SimNetwork(long seed) {
    random = new SplittableRandom(seed);
  }

  /** Another stream of the same seed. */
  public RandomGenerator random() {
    return random.split();
  }

  public VirtualTime time() {
    return time;
  }

  /** A machine with an address of its own. */
  public SimMachine machine() {
    int host = ++nextHost;
    byte[] ip = ByteBuffer.allocate(4).putInt(10 << 24 | host).array();
    SimMachine machine = new SimMachine(this, new Address(Bytes.of(ip), 7946));
    machines.put(machine.address(), machine);
    return machine;
  }

  /** From now on a packet is lost with this probability; streams only take longer. */
  public void loss(double probability) {
    loss = probability;
  }

  /**
   * From now on nothing gets from the first to the second where the condition holds.
   *
   * @return ends it
   */
  public Runnable cut(BiPredicate<Address, Address> fromTo) {
    cuts.add(fromTo);
    return () -> cuts.remove(fromTo);
  }

  boolean passes(Address from, Address to) {
    for (BiPredicate<Address, Address> cut : cuts) {
      if (cut.test(from, to)) {
        return false;
      }
    }
    return true;
  }

  boolean lost() {
    return loss > 0 && random.nextDouble() < loss;
  }

  long delay() {
    return DELAY_NANOS + random.nextLong(JITTER_NANOS);
  }

  @Nullable SimMachine at(Address address) {
    return machines.get(address);
  }
}
