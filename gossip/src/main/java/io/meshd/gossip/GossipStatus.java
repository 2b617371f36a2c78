package io.meshd.gossip;

import io.meshd.gossip.protocol.GossipCounter;
import io.meshd.gossip.records.StreamStatus;
import io.meshd.gossip.transport.TransportCounter;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * How a node does, at one moment.
 *
 * @param members all that are known, this node too, by name
 * @param health 0 is well; up to 7 while this node gets no answers from others
 * @param memberNews changes of members that wait to be told
 * @param recordNews changes of records that wait to be told
 * @param streams what there is, by topic and owner
 * @param compared how long ago records were last compared, by member
 * @param roundTrips from a ping to its ack, the last of each member that answers
 */
public record GossipStatus(
    List<Member> members,
    int health,
    int memberNews,
    int recordNews,
    List<StreamStatus> streams,
    Map<String, Duration> compared,
    Map<String, Duration> roundTrips,
    Map<GossipCounter, Long> counters,
    Map<TransportCounter, Long> transport) {
  /** Whether another node has the same records of the topics that both follow. */
  public boolean agrees(GossipStatus other, String topic) {
    return of(topic).equals(other.of(topic));
  }

  private List<StreamStatus> of(String topic) {
    return streams.stream().filter(stream -> stream.topic().equals(topic)).toList();
  }
}
