package io.meshd.dataplane.vxlan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class VxlanOverheadTest {
  @Test
  void aBatchHoldsWholeSegmentsOnly() {
    assertEquals(44, VxlanOverhead.segmentsPerBatch(1450));
    assertEquals(7, VxlanOverhead.segmentsPerBatch(8950));
    assertEquals(VxlanOverhead.MOST_IN_BATCH, VxlanOverhead.segmentsPerBatch(68));
    assertEquals(1, VxlanOverhead.segmentsPerBatch(65_485));
  }
}
