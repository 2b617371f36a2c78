package io.meshd.daemon.state;

import static io.meshd.daemon.state.TestCluster.AT;
import static io.meshd.daemon.state.TestCluster.createService;
import static io.meshd.daemon.state.TestCluster.spec;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Networks;
import io.meshd.ipam.Cidr6;
import io.meshd.ipam.UniqueLocal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Ipv6NetworksTest {
  private final TestCluster cluster = TestCluster.of(2);

  @Test
  void aNetworkHasBothFamiliesAsTheyWereChosen() {
    cluster.done(
        network(
            "net", true, config("fd00:9:0::7/64", null, null), config("10.9.0.0/24", null, null)));
    assertEquals("10.9.0.0/24", cluster.network("net").subnet());
    assertEquals(new Ipv6Subnet("fd00:9::/64", null, "fd00:9::1"), cluster.network("net").ipv6());
    cluster.done(
        network(
            "ranged",
            true,
            config("10.8.0.0/24", null, "10.8.0.254"),
            config("fd00:8::/64", "fd00:8::ab00/120", "fd00:8::1")));
    assertEquals(
        new Ipv6Subnet("fd00:8::/64", "fd00:8::ab00/120", "fd00:8::1"),
        cluster.network("ranged").ipv6());
    assertEquals("fd00:8::ab07", cluster.network("ranged").ipv6Of("10.8.0.7"));
  }

  @Test
  void withoutIpv6NothingIsOfIt() {
    cluster.done(network("net", false, config("10.9.0.0/24", null, null)));
    assertNull(cluster.network("net").ipv6());
    assertNull(cluster.network("net").ipv6Of("10.9.0.7"));
  }

  @Test
  void withoutASubnetItIsTheNextOfTheClustersOwnBlock() {
    Cidr6 block = new UniqueLocal("cluster").block();
    cluster.done(network("a", true));
    cluster.done(network("b", true));
    assertEquals(block.network() + "/64", ipv6("a").subnet());
    assertTrue(block.contains(Cidr6.parse(ipv6("b").subnet())));
    assertEquals("10.0.1.1", cluster.network("a").gateway());
    assertEquals(block.at(1).toString(), ipv6("a").gateway());
    cluster.done(new Command.RemoveNetwork(AT, "a"));
    cluster.done(network("c", true));
    assertEquals(block.network() + "/64", ipv6("c").subnet());
  }

  @Test
  void theGatewayGoesWithTheIpv4GatewayWhereNoneIsChosen() {
    cluster.done(
        network(
            "net",
            true,
            config("10.9.0.0/24", null, "10.9.0.254"),
            config("fd00:9::/64", null, null)));
    assertEquals("fd00:9::fe", ipv6("net").gateway());
  }

  @Test
  void nobodyGetsTheAddressThatGoesWithTheIpv6Gateway() {
    cluster.done(
        network(
            "net",
            true,
            config("10.9.0.0/29", null, null),
            config("fd00:9::/64", null, "fd00:9::4")));
    cluster.done(createService("s", spec("web", 9, "net")));
    List<String> given = new ArrayList<>();
    given.add(cluster.service("web").virtualIps().getFirst().addr());
    cluster.tasks("s", "n1", "t1", "t2", "t3", "t4");
    for (String task : List.of("t1", "t2", "t3", "t4")) {
      cluster.task(task).attachments().forEach(a -> given.add(a.address()));
    }
    assertEquals(List.of("10.9.0.2/29", "10.9.0.3", "10.9.0.5", "10.9.0.6"), given);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "fd00::/129 | - | - | ipam configuration: invalid subnet fd00::/129",
        "fd00:x::/64 | - | - | ipam configuration: invalid subnet fd00:x::/64",
        "fd00::/15 | - | - | ipam configuration: invalid subnet fd00::/15: its prefix length must"
            + " be at least 16",
        "fe80::/64 | - | - | ipam configuration: invalid subnet fe80::/64: hosts cannot have"
            + " addresses of it",
        "ff05::/64 | - | - | ipam configuration: invalid subnet ff05::/64: hosts cannot have"
            + " addresses of it",
        "::/64 | - | - | ipam configuration: invalid subnet ::/64: hosts cannot have addresses of"
            + " it",
        "fd00::/121 | - | - | ipam configuration: fd00::/121 is too small: every address of"
            + " 10.0.1.0/24 has an IPv6 address beside it, so the prefix length is 120 at most",
        "fd00::/64 | fd00::/126 | - | ipam configuration: fd00::/126 is too small: every address"
            + " of 10.0.1.0/24 has an IPv6 address beside it, so the prefix length is 120 at most",
        "fd00::/64 | fd01::/96 | - | ipam configuration: subnet fd00::/64 does not contain range"
            + " fd01::/96",
        "fd00::/64 | 10.0.0.0/8 | - | ipam configuration: invalid range 10.0.0.0/8",
        "fd00::/64 | - | fd01::1 | ipam configuration: subnet fd00::/64 does not contain gateway"
            + " fd01::1",
        "fd00::/64 | - | 10.0.0.1 | ipam configuration: invalid gateway 10.0.0.1",
        "fd00::/64 | - | fd00:: | ipam configuration: invalid gateway fd00::: it is the anycast"
            + " address of the routers of fd00::/64",
      })
  void whatCannotBeIsRefused(String subnet, String range, String gateway, String message) {
    assertEquals(message, cluster.refusal(network("x", true, config(subnet, range, gateway))));
  }

  @Test
  void subnetsOfOneFamilyAreRefusedWhereTheyMeetOrAreTwo() {
    cluster.done(network("big", true, config("fd00:9::/48", null, null)));
    assertEquals(
        "Pool overlaps with other one on this address space: subnet fd00:9:0:4::/64 of network"
            + " small overlaps with subnet fd00:9::/48 of network big",
        cluster.refusal(network("small", true, config("fd00:9:0:4::/64", null, null))));
    assertEquals(
        "an overlay network has one IPv6 subnet, not 2",
        cluster.refusal(
            network("x", true, config("fd01::/64", null, null), config("fd02::/64", null, null))));
    assertEquals(
        "an overlay network has one IPv4 subnet, not 2",
        cluster.refusal(
            network(
                "x", true, config("10.9.0.0/24", null, null), config("10.8.0.0/24", null, null))));
    assertEquals(
        "subnet fd01::/64 is IPv6, which the network has with --ipv6 only",
        cluster.refusal(network("x", false, config("fd01::/64", null, null))));
  }

  @Test
  void anUnderlayThatIsTooNarrowForIpv6IsRefused() {
    Map<String, String> narrow = Map.of(NetworkRecord.MTU_OPTION, "1359");
    assertEquals(
        "com.docker.network.driver.mtu=1359 leaves less than the 1280 bytes that IPv6 needs: use"
            + " 1360 or more",
        cluster.refusal(network("x", true, narrow)));
    cluster.done(network("x", false, narrow));
  }

  @Test
  void itIsInSnapshotsAndManagersOfTheFormatBeforeDoNotMeetIt() {
    Command.CreateNetwork command = network("net", true);
    assertEquals(CommandFormat.IPV6_NETWORKS, command.format());
    assertEquals(CommandFormat.FIRST, network("net", false).format());
    cluster.done(command);
    StateMachine other = new StateMachine();
    other.restore(cluster.machine().snapshot());
    assertEquals(cluster.state(), other.state());
  }

  /** An entry of a manager that refused IPv6, in a log that is read again. */
  @Test
  void whatWasRefusedWhenItWasWrittenStaysRefused() {
    String entry =
        new String(StateCodec.encode(network("net", true)), StandardCharsets.UTF_8)
            .replace(",\"format\":4", "");
    ClusterState before = cluster.state();
    assertInstanceOf(
        Outcome.Refused.class,
        StateCodec.decodeOutcome(cluster.machine().apply(entry.getBytes(StandardCharsets.UTF_8))));
    assertEquals(before, cluster.state());
  }

  private Ipv6Subnet ipv6(String network) {
    return Objects.requireNonNull(cluster.network(network).ipv6());
  }

  private static Networks.IpamConfig config(
      String subnet, @Nullable String range, @Nullable String gateway) {
    return new Networks.IpamConfig(subnet, range, gateway, null);
  }

  private static Command.CreateNetwork network(
      String name, boolean ipv6, Networks.IpamConfig... configs) {
    return network(name, ipv6, Map.of(), configs);
  }

  private static Command.CreateNetwork network(
      String name, boolean ipv6, Map<String, String> options, Networks.IpamConfig... configs) {
    return new Command.CreateNetwork(
        AT,
        name,
        new Networks.CreateRequest(
            name,
            "overlay",
            null,
            null,
            null,
            ipv6,
            new Networks.Ipam("default", null, List.of(configs)),
            null,
            true,
            null,
            null,
            null,
            options,
            null));
  }
}
