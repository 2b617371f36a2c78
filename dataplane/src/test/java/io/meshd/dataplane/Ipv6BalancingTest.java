package io.meshd.dataplane;

/** The same as {@link BalancingTest} over IPv6: the virtual IP is fd00:1::2. */
class Ipv6BalancingTest extends BalancingTest {
  @Override
  String at(String address) {
    return TestNode.ipv6(address);
  }

  @Override
  void prepare(TestNode node) {
    node.dualStack();
  }
}
