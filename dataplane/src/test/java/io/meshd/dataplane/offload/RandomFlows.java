package io.meshd.dataplane.offload;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** Large frames as a TAP gives them, and streams of small ones as the wire does, of one seed. */
final class RandomFlows {
  private static final int LARGEST = 65_535;

  private final SplittableRandom random;

  RandomFlows(long seed) {
    random = new SplittableRandom(seed);
  }

  SplittableRandom random() {
    return random;
  }

  /** One of so many. */
  private boolean one(int of) {
    return random.nextInt(of) == 0;
  }

  /** Payload bytes per segment: usual ones, small ones, all there are. */
  int segmentSize() {
    return switch (random.nextInt(8)) {
      case 0 -> random.nextInt(1, 16);
      case 1 -> random.nextInt(1, LARGEST);
      case 2, 3 -> random.nextInt(1, 200);
      default -> random.nextInt(500, 1500);
    };
  }

  /** A frame to be cut: any flags, options and lengths, its checksums not there yet. */
  byte[] large(int segmentSize) {
    byte[] f = frame(segmentSize, random.nextInt(256), options(), one(4) ? options() : 0);
    if (random.nextBoolean()) {
      PlainFrame.known(f).leaveChecksum();
    }
    if (one(8)) {
      PlainFrame.put16(f, PlainFrame.IP + 10, random.nextInt());
    }
    return one(8) ? Arrays.copyOf(f, f.length + random.nextInt(1, 60)) : f;
  }

  private int options() {
    return one(3) ? 12 : 4 * random.nextInt(11);
  }

  private int payloadLength(int segmentSize, int headers) {
    int most = LARGEST - headers;
    return switch (random.nextInt(16)) {
      case 0 -> 0;
      case 1 -> most;
      case 2 -> random.nextInt(most + 1);
      default -> Math.min(most, random.nextInt(segmentSize * 12));
    };
  }

  /** Of TCP or UDP over IPv4 or IPv6; random bytes but for what has to be right. */
  private byte[] frame(int segmentSize, int flags, int tcpOptions, int ipOptions) {
    boolean ipv4 = one(2);
    boolean tcp = !one(3);
    int ipHeader = ipv4 ? 20 + ipOptions : 40 + 2 * ipOptions / 8 * 8;
    int transportHeader = tcp ? 20 + tcpOptions : 8;
    int payload = payloadLength(segmentSize, ipHeader + transportHeader);
    byte[] f = new byte[PlainFrame.IP + ipHeader + transportHeader + payload];
    random.nextBytes(f);
    f[0] &= ~1;
    int protocol = tcp ? PlainFrame.TCP : PlainFrame.UDP;
    if (ipv4) {
      ipv4(f, ipHeader, protocol);
    } else {
      ipv6(f, ipHeader, protocol);
    }
    int transport = PlainFrame.IP + ipHeader;
    if (tcp) {
      tcp(f, transport, transportHeader, flags);
    } else {
      PlainFrame.put16(f, transport + 4, f.length - transport);
    }
    return f;
  }

  private void ipv4(byte[] f, int header, int protocol) {
    int ip = PlainFrame.IP;
    PlainFrame.put16(f, 12, 0x0800);
    f[ip] = (byte) (0x40 | header / 4);
    PlainFrame.put16(f, ip + 2, f.length - ip);
    if (one(4)) {
      PlainFrame.put16(f, ip + 4, -random.nextInt(1, 20)); // wraps
    }
    PlainFrame.put16(f, ip + 6, random.nextBoolean() ? 0x4000 : 0);
    f[ip + 9] = (byte) protocol;
  }

  /** With extension headers of 8 or more bytes each, as far as the header's length reaches. */
  private void ipv6(byte[] f, int header, int protocol) {
    int ip = PlainFrame.IP;
    PlainFrame.put16(f, 12, 0x86dd);
    f[ip] = (byte) (0x60 | random.nextInt(16));
    PlainFrame.put16(f, ip + 4, f.length - ip - 40);
    int next = ip + 6;
    int left = header - 40;
    int at = ip + 40;
    for (int type : new int[] {0, 60, 43}) { // hop-by-hop, destination options, routing
      if (left == 0) {
        break;
      }
      int length = type == 43 ? left : 8 * random.nextInt(1, left / 8 + 1);
      f[next] = (byte) type;
      f[at + 1] = (byte) (length / 8 - 1);
      if (type == 43) {
        f[at + 3] = 0; // no segments left
      }
      next = at;
      at += length;
      left -= length;
    }
    f[next] = (byte) protocol;
  }

  private void tcp(byte[] f, int tcp, int header, int flags) {
    if (one(4)) {
      PlainFrame.put32(f, tcp + 4, -random.nextInt(1, 10_000)); // wraps
    }
    f[tcp + 12] = (byte) (header * 4 + (one(4) ? random.nextInt(16) : 0));
    f[tcp + 13] = (byte) flags;
  }

  /** Frames of a flow or two as they may arrive, each in an array of its own. */
  List<byte[]> stream() {
    List<byte[]> frames = new ArrayList<>(flow());
    if (one(4)) {
      List<byte[]> other = flow();
      for (byte[] frame : other) {
        frames.add(random.nextInt(frames.size() + 1), frame);
      }
    }
    int odd = random.nextInt(5);
    for (int i = 0; i < odd && !frames.isEmpty(); i++) {
      change(frames);
    }
    return frames;
  }

  private List<byte[]> flow() {
    int size = segmentSize();
    int flags = PlainFrame.ACK | (one(2) ? PlainFrame.PSH : 0);
    if (one(16)) {
      flags = random.nextInt(256);
    }
    byte[] whole = frame(size, flags, options(), one(16) ? options() : 0);
    List<byte[]> frames = new ArrayList<>(PlainFrame.known(whole).cut(size));
    return frames.size() > 150 ? frames.subList(0, 150) : frames;
  }

  private void change(List<byte[]> frames) {
    int i = random.nextInt(frames.size());
    byte[] f = frames.get(i);
    PlainFrame parsed = PlainFrame.of(f);
    switch (random.nextInt(14)) {
      case 0 -> frames.remove(i);
      case 1 -> frames.add(random.nextInt(frames.size() + 1), f.clone());
      case 2 -> frames.add(random.nextInt(frames.size()), frames.remove(i));
      case 3 -> frames.set(i, Arrays.copyOf(f, random.nextInt(f.length + 1)));
      case 4 -> frames.set(i, padded(f));
      case 5 -> frames.set(i, tagged(f));
      case 6 -> {
        if (f.length >= PlainFrame.IP) {
          PlainFrame.put16(f, 12, random.nextInt());
        }
      }
      case 7 -> flip(f, f.length);
      case 8 -> {
        if (parsed != null) {
          parsed.leaveChecksum();
        }
      }
      case 9 -> {
        if (parsed != null && parsed.ipv4()) {
          PlainFrame.put16(f, PlainFrame.IP + 6, one(2) ? 0x2000 : random.nextInt());
          repairIp(f);
        }
      }
      case 10 -> otherZero(f, parsed);
      case 11 -> joined(frames, i);
      case 12 -> {
        if (parsed != null && parsed.protocol() == PlainFrame.UDP) {
          PlainFrame.put16(f, parsed.transport() + 6, 0);
        }
      }
      default -> headerChanged(f, parsed);
    }
  }

  private void flip(byte[] f, int within) {
    if (within > 0) {
      f[random.nextInt(within)] ^= (byte) (1 << random.nextInt(8));
    }
  }

  private byte[] padded(byte[] f) {
    byte[] padded = Arrays.copyOf(f, f.length + random.nextInt(1, 60));
    for (int i = f.length; i < padded.length; i++) {
      padded[i] = (byte) random.nextInt();
    }
    return padded;
  }

  /** One longer segment in the place of two. */
  private static void joined(List<byte[]> frames, int i) {
    PlainFrame one = PlainFrame.of(frames.get(i));
    PlainFrame next = i + 1 < frames.size() ? PlainFrame.of(frames.get(i + 1)) : null;
    if (one != null
        && next != null
        && next.isShapedAs(one)
        && one.total() + next.total() <= LARGEST) {
      frames.set(i, PlainFrame.join(List.of(one, next)).bytes());
      frames.remove(i + 1);
    }
  }

  /** With an 802.1Q tag. */
  private static byte[] tagged(byte[] f) {
    if (f.length < 12) {
      return f;
    }
    byte[] tagged = new byte[f.length + 4];
    System.arraycopy(f, 0, tagged, 0, 12);
    PlainFrame.put16(tagged, 12, 0x8100);
    System.arraycopy(f, 12, tagged, 16, f.length - 12);
    return tagged;
  }

  /** A bit of some header is another one, and both checksums are right all the same. */
  private void headerChanged(byte[] f, @Nullable PlainFrame before) {
    flip(f, before == null ? f.length : before.data());
    PlainFrame after = PlainFrame.of(f);
    if (after != null) {
      System.arraycopy(after.cut(LARGEST).getFirst(), 0, f, 0, after.end());
    } else {
      repairIp(f);
    }
  }

  private static void repairIp(byte[] f) {
    int ip = PlainFrame.IP;
    int header = f.length > ip ? (f[ip] & 15) * 4 : 0;
    if (header < 20 || f.length < ip + header) {
      return;
    }
    PlainFrame.put16(f, ip + 10, 0);
    int sum = 0;
    for (int i = 0; i < header; i += 2) {
      sum += PlainFrame.u16(f, ip + i);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    PlainFrame.put16(f, ip + 10, ~((sum & 0xffff) + (sum >> 16)));
  }

  /** Makes a checksum come to zero, and writes it as the other zero. */
  private void otherZero(byte[] f, @Nullable PlainFrame parsed) {
    if (parsed == null || parsed.end() - parsed.data() < 2 || parsed.data() % 2 != 0) {
      return;
    }
    int at = parsed.transport() + (parsed.protocol() == PlainFrame.TCP ? 16 : 6);
    int payload = parsed.data();
    int old = PlainFrame.u16(f, payload) + PlainFrame.u16(f, at);
    PlainFrame.put16(f, payload, (old & 0xffff) + (old >> 16));
    PlainFrame.put16(f, at, one(2) ? 0 : 0xffff);
  }
}
