package io.meshd.daemon.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a question for a name's IPv4 addresses would get: written and read as on the wire, by the
 * code that answers.
 *
 * @param outcome as it is counted, {@code dns.answers.data} and its like; {@code dns.forward.sent}
 *     for what somebody outside would be asked
 * @param addresses dotted IPv4
 */
public record NameTrial(String outcome, List<String> addresses) {
  private static final int LIMIT = 512;

  static NameTrial of(@Nullable Asker asker, String name) {
    DomainName asked = DomainName.parse(name);
    if (asked == null) {
      return new NameTrial(DnsCounter.MALFORMED.label(), List.of());
    }
    DnsCounters counters = new DnsCounters();
    ByteBuf message = Unpooled.buffer();
    message.writeShort(1).writeShort(Query.FLAG_RECURSION_DESIRED).writeShort(1);
    message.writeShort(0).writeInt(0);
    asked.write(message);
    message.writeShort(DnsRecordType.A.intValue()).writeShort(DnsRecord.CLASS_IN);
    Query query = QueryReader.read(message);
    ByteBuf answer = Unpooled.buffer();
    if (query == null || !new Responder(counters).answer(query, asker, LIMIT, answer)) {
      return new NameTrial(DnsCounter.FORWARDED.label(), List.of());
    }
    String outcome =
        counters.snapshot().entrySet().stream()
            .filter(each -> each.getValue() > 0)
            .findFirst()
            .orElseThrow()
            .getKey();
    return new NameTrial(outcome, addresses(answer, message.writerIndex()));
  }

  /** {@code end}: of the question, behind which the records are, each named by a pointer. */
  private static List<String> addresses(ByteBuf answer, int end) {
    List<String> addresses = new ArrayList<>();
    int at = end;
    for (int i = 0; i < answer.getUnsignedShort(6); i++) {
      int length = answer.getUnsignedShort(at + 10);
      if (answer.getUnsignedShort(at + 2) == DnsRecordType.A.intValue()) {
        addresses.add(
            "%d.%d.%d.%d"
                .formatted(
                    answer.getUnsignedByte(at + 12),
                    answer.getUnsignedByte(at + 13),
                    answer.getUnsignedByte(at + 14),
                    answer.getUnsignedByte(at + 15)));
      }
      at += 12 + length;
    }
    return List.copyOf(addresses);
  }
}
