package io.meshd.daemon.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Checkups;
import io.meshd.api.Checkups.Checkup;
import io.meshd.api.Checkups.Finding;
import io.meshd.api.Checkups.Result;
import io.meshd.daemon.rest.ClockSkew.Reading;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.TestCluster;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ClusterCheckupTest {
  private final ClusterState state = TestCluster.of(3).state();
  private final Clock clock = Clock.systemUTC();

  private List<Finding> faults(Map<String, Long> ahead, String silent) throws InterruptedException {
    ClusterCheckup checkup =
        new ClusterCheckup(
            state,
            "n1",
            (node, padding) ->
                new Checkups.Time(clock.millis() + ahead.getOrDefault(node.id(), 0L), "", ""),
            node -> examined(node, silent),
            clock);
    return checkup.run().findings().stream().filter(f -> f.result().faulty()).toList();
  }

  private static Checkup examined(NodeRecord node, String silent) throws IOException {
    if (node.id().equals(silent)) {
      throw new IOException("connection refused");
    }
    return new Checkup(List.of(node.hostname()), List.of());
  }

  @Test
  void nothingIsWrong() throws InterruptedException {
    assertEquals(List.of(), faults(Map.of(), ""));
  }

  @Test
  void aNodeThatCannotBeAskedIsAnError() throws InterruptedException {
    Finding only = only(faults(Map.of(), "n3"), "nodes");
    assertEquals("host3", only.node());
    assertEquals(Result.ERROR, only.result());
    assertTrue(only.text().endsWith("connection refused"), only.text());
  }

  @Test
  void theClockThatIsApartFromTheOthersIsNamed() throws InterruptedException {
    Finding other = only(faults(Map.of("n2", -5000L), ""), "clock");
    assertEquals("host2", other.node());
    assertTrue(other.text().contains("5.0 s behind"), other.text());
    Finding own = only(faults(Map.of("n2", 60_000L, "n3", 60_000L), ""), "clock");
    assertEquals("host1", own.node());
    assertTrue(own.text().contains("60.0 s behind"), own.text());
  }

  private static Finding only(List<Finding> faults, String check) {
    assertEquals(1, faults.size(), faults.toString());
    assertEquals(check, faults.getFirst().check());
    return faults.getFirst();
  }

  @Test
  void aReadingIsAsGoodAsItsRoundTripIsShort() {
    Reading reading = new Reading(1000, 6100, 1200);
    assertEquals(5000, reading.ahead());
    assertEquals(100, reading.doubt());
    assertEquals(0, ClockSkew.agreed(List.of()));
    assertEquals(5000, ClockSkew.agreed(List.of(reading, reading, new Reading(0, 0, 0))));
  }
}
