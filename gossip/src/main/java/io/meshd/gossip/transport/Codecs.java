package io.meshd.gossip.transport;

import io.meshd.gossip.wire.KeyRing;
import io.meshd.gossip.wire.PacketCodec;
import io.meshd.gossip.wire.StreamCodec;
import org.jspecify.annotations.Nullable;

/** Label and keys as they are at the moment; replaced whole when the ring is rotated. */
record Codecs(String label, PacketCodec packets, StreamCodec streams) {
  static Codecs of(String label, @Nullable KeyRing keys) {
    return new Codecs(label, new PacketCodec(label, keys), new StreamCodec(label, keys));
  }
}
