package io.meshd.gossip.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.gossip.records.RecordMessage.Delta;
import io.meshd.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** However changes come, twice, late, in any order or not at all: what is seen is right. */
class RecordStreamTest {
  @Test
  void lossReorderingAndReplayEndInTheOwnersRecords() {
    Random random = new Random(11);
    for (int round = 0; round < 300; round++) {
      Map<String, Bytes> published = new TreeMap<>();
      RecordStream owner = new RecordStream("t", "o", 5, 0, (key, value) -> {});
      List<Delta> deltas = new ArrayList<>();
      long before = 0;
      for (int i = 0; i < 60; i++) {
        long number = before + 1 + random.nextInt(3);
        String key = "k" + random.nextInt(8);
        Bytes value = random.nextInt(3) == 0 ? null : Bytes.of((byte) i);
        Delta delta = new Delta("t", "o", 5, number, before, key, value, true);
        owner.apply(delta);
        deltas.add(delta);
        before = number;
        if (value == null) {
          published.remove(key);
        } else {
          published.put(key, value);
        }
      }
      Map<String, Bytes> seen = new TreeMap<>();
      RecordStream reader =
          new RecordStream(
              "t",
              "o",
              5,
              random.nextBoolean() ? 0 : RecordStream.UNKNOWN,
              (key, value) -> {
                if (value == null) {
                  seen.remove(key);
                } else {
                  seen.put(key, value);
                }
              });
      for (int i = 0; i < 90; i++) {
        reader.apply(deltas.get(random.nextInt(deltas.size())));
        if (random.nextInt(20) == 0) {
          assertTrue(reader.apply(owner.snapshot(reader.epoch(), reader.upTo())));
        }
      }
      if (!reader.whole() || reader.upTo() < owner.upTo()) {
        assertTrue(reader.apply(owner.snapshot(reader.epoch(), reader.upTo())));
      }
      for (Delta delta : deltas) {
        reader.apply(delta);
      }
      assertEquals(published, seen);
      assertEquals(owner.digest(), reader.digest());
    }
  }
}
