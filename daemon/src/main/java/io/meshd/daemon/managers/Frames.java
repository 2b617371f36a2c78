package io.meshd.daemon.managers;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.CorruptedFrameException;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What managers say to one another.
 *
 * <pre>
 *  0        4      5          13         15
 *  +--------+------+----------+----------+---------+------------
 *  | length | kind | request  | subject  | subject | payload ...
 *  |        |      |          | bytes    |  UTF-8  |
 *  +--------+------+----------+----------+---------+------------
 * </pre>
 *
 * The length counts what follows it. Requests and messages have a subject; answers have an empty
 * one and the number of their request, and a failed one is text. Kinds are append-only.
 */
final class Frames {
  /** A batch of entries, or a piece of a snapshot, with room for what is around it. */
  static final int MAX_BYTES = 2 << 20;

  private static final int HEAD_BYTES = 11;

  private Frames() {}

  enum Kind {
    REQUEST(0),
    ANSWER(1),
    FAILURE(2),
    MESSAGE(3);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    static @Nullable Kind of(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      return null;
    }
  }

  /** Keeps the payload, which nobody changes. */
  static final class Frame {
    private final Kind kind;
    private final long request;
    private final String subject;
    private final byte[] payload;

    Frame(Kind kind, long request, String subject, byte[] payload) {
      this.kind = kind;
      this.request = request;
      this.subject = subject;
      this.payload = payload;
    }

    Kind kind() {
      return kind;
    }

    long request() {
      return request;
    }

    String subject() {
      return subject;
    }

    byte[] payload() {
      return payload;
    }

    int bytes() {
      return Integer.BYTES + HEAD_BYTES + subject.length() + payload.length;
    }
  }

  /** Closes the connection of who says that more than {@link #MAX_BYTES} follow. */
  static LengthFieldBasedFrameDecoder splitter() {
    return new LengthFieldBasedFrameDecoder(MAX_BYTES, 0, Integer.BYTES, 0, Integer.BYTES);
  }

  /** The caller owns the buffer. */
  static ByteBuf encode(ByteBufAllocator allocator, Frame frame) {
    byte[] subject = frame.subject().getBytes(StandardCharsets.UTF_8);
    int length = HEAD_BYTES + subject.length + frame.payload().length;
    return allocator
        .buffer(Integer.BYTES + length)
        .writeInt(length)
        .writeByte(frame.kind().code)
        .writeLong(frame.request())
        .writeShort(subject.length)
        .writeBytes(subject)
        .writeBytes(frame.payload());
  }

  /**
   * Null for a kind that is not known: of a newer version.
   *
   * @throws CorruptedFrameException when it cannot be read
   */
  static @Nullable Frame decode(ByteBuf in) {
    if (in.readableBytes() < HEAD_BYTES) {
      throw new CorruptedFrameException("a frame of " + in.readableBytes() + " bytes");
    }
    Kind kind = Kind.of(in.readUnsignedByte());
    long request = in.readLong();
    int subjectBytes = in.readUnsignedShort();
    if (in.readableBytes() < subjectBytes) {
      throw new CorruptedFrameException("a subject that is longer than its frame");
    }
    String subject = in.readString(subjectBytes, StandardCharsets.UTF_8);
    return kind == null ? null : new Frame(kind, request, subject, ByteBufUtil.getBytes(in));
  }
}
