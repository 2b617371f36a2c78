package io.meshd.gossip.spi;

import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Message;
import io.meshd.gossip.wire.StreamMessage;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The core as the transport sees it; called on the core's thread. */
public interface Receiver {
  /** A packet that was decoded whole. */
  void packet(Address from, List<Message> messages);

  /** A stream's request, answered at once, or by null not at all. */
  @Nullable StreamMessage stream(StreamMessage request);
}
