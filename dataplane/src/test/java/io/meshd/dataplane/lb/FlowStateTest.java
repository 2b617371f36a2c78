package io.meshd.dataplane.lb;

import static io.meshd.dataplane.wire.TcpHeader.ACK;
import static io.meshd.dataplane.wire.TcpHeader.FIN;
import static io.meshd.dataplane.wire.TcpHeader.RST;
import static io.meshd.dataplane.wire.TcpHeader.SYN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FlowStateTest {

  @Test
  void aConnectionIsOpenUntilBothEndsHaveSaidSo() {
    FlowState established = established();
    assertEquals(FlowState.ESTABLISHED, established);
    FlowState half = established.afterTcp(true, FIN | ACK);
    assertEquals(FlowState.CLIENT_FIN, half);
    assertEquals(half, half.afterTcp(false, ACK));
    assertEquals(half, half.afterTcp(true, FIN | ACK), "sent again");
    assertTrue(half.isOpen());
    assertEquals(FlowState.CLOSED, half.afterTcp(false, FIN | ACK));
    FlowState other = established.afterTcp(false, FIN | ACK);
    assertEquals(FlowState.BACKEND_FIN, other);
    assertEquals(FlowState.CLOSED, other.afterTcp(true, FIN));
  }

  @Test
  void aResetEndsItAndNothingElseMakesOne() {
    assertEquals(FlowState.RESET, established().afterTcp(false, RST));
    assertEquals(FlowState.RESET, FlowState.SYN_SENT.afterTcp(false, RST | ACK));
    assertEquals(FlowState.RESET, FlowState.RESET.afterTcp(true, ACK));
    assertEquals(FlowState.SYN_SENT, FlowState.SYN_SENT.afterTcp(true, SYN));
    assertEquals(FlowState.SYN_SENT, FlowState.SYN_SENT.afterTcp(false, ACK));
  }

  @Test
  void datagramsAreASessionOnceAnswered() {
    assertEquals(FlowState.UNREPLIED, FlowState.UNREPLIED.afterDatagram(true));
    assertEquals(FlowState.REPLIED, FlowState.UNREPLIED.afterDatagram(false));
    assertEquals(FlowState.REPLIED, FlowState.REPLIED.afterDatagram(true));
    assertEquals(30, FlowState.UNREPLIED.idleSeconds());
    assertEquals(180, FlowState.REPLIED.idleSeconds());
  }

  @Test
  void codesAreTheirPlaces() {
    for (FlowState state : FlowState.values()) {
      assertEquals(state, FlowState.of(state.code()));
    }
    assertEquals(FlowState.FREE, FlowState.of(200));
  }

  private static FlowState established() {
    return FlowState.SYN_SENT.afterTcp(false, SYN | ACK).afterTcp(true, ACK);
  }
}
