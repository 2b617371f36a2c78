package io.meshd.gossip.records;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.gossip.records.RecordMessage.Delta;
import io.meshd.gossip.records.RecordMessage.Digest;
import io.meshd.gossip.records.RecordMessage.Digests;
import io.meshd.gossip.records.RecordMessage.Entry;
import io.meshd.gossip.records.RecordMessage.Pull;
import io.meshd.gossip.records.RecordMessage.Snapshot;
import io.meshd.gossip.records.RecordMessage.Snapshots;
import io.meshd.gossip.records.RecordMessage.Summary;
import io.meshd.gossip.records.RecordMessage.Want;
import io.meshd.gossip.wire.Bytes;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The bytes that members of one cluster send each other, whatever their versions: they stay as they
 * are here. A later version may add types of messages, which earlier ones pass over.
 */
class GoldenRecordsTest {
  private static final Bytes VALUE = Bytes.of("value".getBytes(US_ASCII));

  private static final List<RecordMessage> MESSAGES =
      List.of(
          new Delta("topic", "owner", 300, 70_000, 69_999, "key", VALUE, true),
          new Delta("topic", "owner", 1, 2, 1, "key", null, true),
          new Delta("topic", "owner", 1, 2, 1, "key", null, false),
          new Snapshots(
              List.of(
                  new Snapshot(
                      "topic",
                      "owner",
                      5,
                      9,
                      -1,
                      List.of(3L, 4L),
                      List.of(new Entry("key", 8, VALUE), new Entry("gone", 9, null))))),
          new Digests(
              "from",
              List.of("topic", "other"),
              List.of(
                  new Digest("topic", "owner", 5, 9, 2, 0x1122334455667788L, true),
                  new Digest("other", "owner", 5, -1, 0, -1, false))),
          new Pull("from", List.of(new Want("topic", "owner", 5, -1))),
          new Summary("from", 0x1122334455667788L));

  private static final List<String> GOLDEN =
      List.of(
          "0105746f706963056f776e6572ac02f0a204efa204036b6579010576616c7565",
          "0105746f706963056f776e6572010201036b657900",
          "0105746f706963056f776e6572010201036b657902",
          "020105746f706963056f776e6572050a0002030402036b657908010576616c756504676f6e650900",
          "030466726f6d0205746f706963056f746865720200056f776e6572050a0211223344556677880101"
              + "056f776e6572050000ffffffffffffffff00",
          "040466726f6d0105746f706963056f776e65720500",
          "050466726f6d1122334455667788");

  @Test
  void messagesAreWrittenAsEver() {
    assertEquals(
        GOLDEN,
        MESSAGES.stream()
            .map(message -> HexFormat.of().formatHex(RecordCodec.encode(message).toArray()))
            .toList());
  }

  @Test
  void messagesAreReadAsEver() throws Exception {
    for (int i = 0; i < GOLDEN.size(); i++) {
      byte[] bytes = HexFormat.of().parseHex(GOLDEN.get(i));
      assertEquals(MESSAGES.get(i), RecordCodec.decode(Bytes.of(bytes)));
    }
  }
}
