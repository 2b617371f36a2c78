package io.meshd.gossip.wire;

import java.io.IOException;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A member's meta data as serf writes it: 255, then a map of text to text. What has not this form
 * (memberlist without serf) has no tags.
 */
public final class Tags {
  /** Most bytes of meta data a member may have. */
  public static final int MAX_BYTES = 512;

  private static final int MAGIC = 255;

  private Tags() {}

  /**
   * The meta data.
   *
   * @throws IllegalArgumentException when it has more than {@link #MAX_BYTES}
   */
  public static Bytes encode(Map<String, String> tags) {
    MsgpackWriter out = new MsgpackWriter().octet(MAGIC).map(tags.size());
    new TreeMap<>(tags).forEach(out::field);
    byte[] meta = out.toByteArray();
    if (meta.length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "a member's tags have at most " + MAX_BYTES + " bytes, not " + meta.length);
    }
    return Bytes.owning(meta);
  }

  /** Empty for meta data of another form. */
  public static Map<String, String> decode(Bytes meta) {
    SortedMap<String, String> tags = new TreeMap<>();
    if (meta.isEmpty() || (meta.array()[0] & 0xff) != MAGIC) {
      return Map.of();
    }
    MsgpackReader in = new MsgpackReader(meta.array(), 1, meta.length() - 1);
    try {
      for (long left = in.map(); left > 0; left--) {
        tags.put(in.text(), in.text());
      }
    } catch (IOException e) {
      return Map.of();
    }
    return tags;
  }
}
