package io.meshd.daemon.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.api.Services;
import io.meshd.daemon.linux.ReplyRoutes.Port;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PreservedPortsTest {
  private final TestCluster cluster = new TestCluster();
  private final PreservedPorts ports = new PreservedPorts();

  @Test
  void aPortThatGoesStaysForAsLongAsItsResetsNeed() {
    publish(port("tcp", 80, "preserve"), port("udp", 53, "preserve"), port("tcp", 81, null));
    assertEquals(Set.of(new Port("tcp", 80), new Port("udp", 53)), at(0));
    publish(port("tcp", 80, "snat"), port("udp", 53, "preserve"));
    assertEquals(Set.of(new Port("tcp", 80), new Port("udp", 53)), at(3));
    assertEquals(Set.of(new Port("udp", 53)), at(4));
    publish(port("tcp", 80, "preserve"));
    assertEquals(Set.of(new Port("tcp", 80), new Port("udp", 53)), at(5));
    publish();
    assertEquals(Set.of(), at(9));
    assertEquals(Set.of(), ports.ofService("another"));
    assertEquals(Set.of(), ports.ofService(null));
  }

  private void publish(Services.PortConfig... published) {
    cluster.service("web", published);
  }

  private Set<Port> at(long seconds) {
    ports.update(cluster.state(), TimeUnit.SECONDS.toNanos(seconds));
    return ports.ofService("web");
  }

  private static Services.PortConfig port(
      String protocol, int target, @Nullable String clientAddress) {
    return new Services.PortConfig(
        null, protocol, target, 8000 + target, "ingress", null, clientAddress);
  }
}
