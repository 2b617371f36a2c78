package io.meshd.dataplane.switching;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.lb.LoadBalancer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A switch with one network, asked frame by frame; what it decides is said in words. */
final class SwitchProbe {
  private final LoopCounters counters = new LoopCounters();
  private final VirtualSwitch virtualSwitch;

  /**
   * @param slots of the ports that have a TAP
   */
  SwitchProbe(ForwardingSpec.Network network, Map<String, Integer> slots) {
    LoadBalancer balancer;
    try {
      balancer = LoadBalancer.open(null, 1024, System::nanoTime);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    ForwardingTables tables =
        ForwardingTables.compile(
            new ForwardingSpec(List.of(network)),
            port -> slots.getOrDefault(port, ForwardingTables.NO_SLOT),
            balancer);
    virtualSwitch = new VirtualSwitch(tables, balancer, counters);
  }

  /** A frame from a TAP, changed as the switch changes it. */
  String port(int slot, byte[] frame) {
    Map<String, Long> before = dropped();
    MemorySegment memory = MemorySegment.ofArray(frame);
    return words(virtualSwitch.fromPort(slot, memory, 0, frame.length, false), before);
  }

  /** As {@link #port}, of a frame that lies at the begin of longer memory. */
  String port(int slot, byte[] memory, int length) {
    Map<String, Long> before = dropped();
    MemorySegment segment = MemorySegment.ofArray(memory);
    return words(virtualSwitch.fromPort(slot, segment, 0, length, false), before);
  }

  String wire(int vtep, int vni, byte[] frame) {
    Map<String, Long> before = dropped();
    MemorySegment memory = MemorySegment.ofArray(frame);
    return words(virtualSwitch.fromUnderlay(vtep, vni, false, memory, 0, frame.length), before);
  }

  /** What was decided, or the reason that was counted. */
  private String words(ForwardingDecision decision, Map<String, Long> before) {
    List<String> words = new ArrayList<>();
    String as =
        decision.destinationMac() == 0 ? "" : " as " + Long.toHexString(decision.destinationMac());
    String answer = decision.answerLength() == 0 ? "" : ", answer of " + decision.answerLength();
    for (int i = 0; i < decision.slotCount(); i++) {
      words.add("port " + decision.slot(i) + as + answer);
    }
    for (int i = 0; i < decision.vtepCount(); i++) {
      words.add("vtep " + Integer.toHexString(decision.vtep(i)));
    }
    dropped()
        .forEach(
            (reason, count) -> {
              if (count > before.getOrDefault(reason, 0L)) {
                words.add(reason);
              }
            });
    return String.join(", ", words);
  }

  private Map<String, Long> dropped() {
    Map<String, Long> drops = new TreeMap<>();
    for (DropReason reason : DropReason.values()) {
      drops.put(reason.label(), counters.dropped(reason));
    }
    return drops;
  }
}
