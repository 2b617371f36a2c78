package io.meshd.daemon.doctor;

import java.util.Map;
import java.util.TreeMap;

/**
 * Frames that are dropped for reasons which lie with the nodes and what is between them, and not
 * with what tasks send: while they are, and that they once were.
 */
final class DropCheck implements Check {
  private static final long WATCH_MILLIS = 1000;
  private static final String LOG_AND_KEYS =
      "compare `meshctl gossip keys` and the state's version of the nodes";
  private static final String FOREIGN =
      "find who sends VXLAN to this node that is no node of the swarm, and keep it out";

  /** Name of the counter, to what it means and the mend. */
  private static final Map<String, Meaning> MEANINGS =
      new TreeMap<>(
          Map.ofEntries(
              entry(
                  "dropped.unknown_vtep",
                  "VXLAN comes from an address that no node advertises",
                  "take away address translation between the nodes, or join with the right --advertise-addr or --data-path-addr"),
              entry(
                  "dropped.underlay_busy",
                  "the underlay takes frames slower than they come",
                  "more bandwidth between the nodes, or less traffic; the sender is told nothing"),
              entry(
                  "dropped.underlay_error",
                  "the underlay refuses what is sent: no route, link down",
                  "see `ip route get` to the other nodes' addresses"),
              entry(
                  "dropped.flow_table_full",
                  "more flows to virtual IPs than are kept",
                  "spread the clients over more nodes, or publish fewer short connections"),
              entry("dropped.no_key", "an encrypted network has no key here", LOG_AND_KEYS),
              entry("dropped.unknown_key", "sealed under a key that is not here", LOG_AND_KEYS),
              entry("dropped.not_sealed", "in clear, on an encrypted network", FOREIGN),
              entry(
                  "dropped.bad_tag",
                  "changed on the way, or by somebody without the key",
                  "turn off offloads of the network card one by one (`ethtool -K`), then look for who sends it"),
              entry("dropped.replayed", "sealed frames come a second time", FOREIGN),
              entry("dropped.spoofed_inner_mac", "a MAC from behind the wrong node", FOREIGN),
              entry("dropped.spoofed_inner_ip", "an address of another MAC", FOREIGN),
              entry(
                  "dropped.unsupported_offload",
                  "a task's device asks for an offload that it was not offered",
                  "turn that offload off on the task's interface (`ethtool -K`)")));

  private record Meaning(String text, String mend) {}

  private static Map.Entry<String, Meaning> entry(String counter, String text, String mend) {
    return Map.entry(counter, new Meaning(text, mend));
  }

  @Override
  public String name() {
    return "drops";
  }

  @Override
  public void look(Subject subject, Notes notes) throws InterruptedException {
    Map<String, Long> before = subject.counters().get();
    Thread.sleep(WATCH_MILLIS);
    judge(before, subject.counters().get(), notes);
  }

  static void judge(Map<String, Long> before, Map<String, Long> after, Notes notes) {
    MEANINGS.forEach(
        (counter, meaning) -> {
          long now = after.getOrDefault(counter, 0L);
          long more = now - before.getOrDefault(counter, 0L);
          if (more > 0) {
            notes.warning(
                "%s grows, by %d in a second: %s".formatted(counter, more, meaning.text),
                meaning.mend);
          } else if (now > 0) {
            notes.note(
                "%s was %d since meshd started, and is quiet now: %s"
                    .formatted(counter, now, meaning.text),
                null);
          }
        });
    if (notes.isEmpty()) {
      notes.ok("no frame was dropped for a fault of the nodes or what is between them");
    }
  }
}
