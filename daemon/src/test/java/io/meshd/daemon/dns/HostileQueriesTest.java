package io.meshd.daemon.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What no resolver sends: nothing is thrown, and whoever can be answered is told FORMERR. */
class HostileQueriesTest {
  private final Asker asker = new Asker(List.of(zone()), List.of());
  private final Responder responder = new Responder(new DnsCounters());

  private static Zone zone() {
    Zone.Builder zone = new Zone.Builder("mynet", "10.0.1.0/24");
    zone.name("web", List.of(1, 2, 3));
    return zone.build();
  }

  private static List<byte[]> valid() {
    return List.of(
        TestQuestion.of("web", DnsRecordType.A).bytes(),
        new TestQuestion("tasks.web.mynet", DnsRecordType.AAAA, 1232).bytes(),
        new TestQuestion("_http._tcp.web", DnsRecordType.SRV, 512).bytes(),
        TestQuestion.of("2.1.0.10.in-addr.arpa", DnsRecordType.PTR).bytes());
  }

  @Test
  void everyTruncationIsRefusedOrDropped() {
    for (byte[] whole : valid()) {
      assertNull(failure(whole));
      for (int length = 0; length < whole.length; length++) {
        byte[] cut = Arrays.copyOf(whole, length);
        Query query = QueryReader.read(Unpooled.wrappedBuffer(cut));
        if (length < QueryReader.HEADER) {
          assertNull(query);
        } else {
          assertEquals(DnsResponseCode.FORMERR, read(query).failure(), "at " + length);
        }
        survives(cut);
      }
      assertEquals(DnsResponseCode.FORMERR, failure(Arrays.copyOf(whole, whole.length + 1)));
    }
  }

  @Test
  void everyChangedByteIsSurvived() {
    Random random = new Random(7);
    for (byte[] whole : valid()) {
      for (int i = 0; i < whole.length; i++) {
        for (int value = 0; value < 256; value++) {
          byte[] changed = whole.clone();
          changed[i] = (byte) value;
          survives(changed);
        }
      }
      for (int round = 0; round < 20_000; round++) {
        byte[] changed = whole.clone();
        for (int i = random.nextInt(8); i >= 0; i--) {
          changed[random.nextInt(changed.length)] = (byte) random.nextInt();
        }
        survives(changed);
      }
    }
  }

  @Test
  void garbageIsSurvived() {
    Random random = new Random(11);
    for (int round = 0; round < 100_000; round++) {
      byte[] garbage = new byte[random.nextInt(80)];
      random.nextBytes(garbage);
      if (garbage.length > 8 && round % 2 == 0) {
        // A header that gets further in.
        garbage[2] = 1;
        garbage[3] = 0;
        Arrays.fill(garbage, 4, 8, (byte) 0);
        garbage[5] = 1;
      }
      survives(garbage);
      OutsideAnswer.read(garbage, query(valid().getFirst()), 0, 0);
    }
  }

  @Test
  void answersFromOutsideAreReadWholeOrNotAtAll() {
    ByteBuf out = Unpooled.buffer();
    Query query = query(new TestQuestion("web", DnsRecordType.A, 1232).bytes());
    assertTrue(responder.answer(query, asker, 1232, out));
    byte[] answer = new byte[out.readableBytes()];
    out.readBytes(answer);
    assertNotNull(OutsideAnswer.read(answer, query, TestQuestion.ID, 0));
    assertNull(OutsideAnswer.read(answer, query, TestQuestion.ID + 1, 0));
    Query other = query(new TestQuestion("wed", DnsRecordType.A, 1232).bytes());
    assertNull(OutsideAnswer.read(answer, other, TestQuestion.ID, 0));
    for (int length = 0; length < answer.length; length++) {
      assertNull(
          OutsideAnswer.read(Arrays.copyOf(answer, length), query, TestQuestion.ID, 0),
          "cut at " + length);
    }
    Random random = new Random(13);
    for (int round = 0; round < 50_000; round++) {
      byte[] changed = answer.clone();
      for (int i = random.nextInt(6); i >= 0; i--) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      }
      OutsideAnswer read = OutsideAnswer.read(changed, query, TestQuestion.ID, 0);
      if (read != null) {
        read.write(query, 5_000_000_000L, Unpooled.buffer());
      }
    }
  }

  private static Query query(byte[] message) {
    return read(QueryReader.read(Unpooled.wrappedBuffer(message)));
  }

  private static Query read(@Nullable Query query) {
    if (query == null) {
      throw new AssertionError("not read");
    }
    return query;
  }

  private static @Nullable DnsResponseCode failure(byte[] message) {
    return query(message).failure();
  }

  private void survives(byte[] message) {
    Query query = QueryReader.read(Unpooled.wrappedBuffer(message));
    if (query == null) {
      return;
    }
    ByteBuf out = Unpooled.buffer();
    if (responder.answer(query, asker, query.udpSize(), out)) {
      assertTrue(out.readableBytes() <= query.udpSize());
      assertEquals(query.id(), out.getUnsignedShort(0));
      assertTrue((out.getUnsignedShort(2) & Query.FLAG_RESPONSE) != 0);
    }
  }
}
