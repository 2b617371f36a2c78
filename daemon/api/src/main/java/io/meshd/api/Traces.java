package io.meshd.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Shapes of {@code GET /mesh/v1/trace}, and of what a manager asks the nodes for it. */
public final class Traces {
  private Traces() {}

  /** What became of the packet. */
  public enum Outcome {
    /** It arrives, and so does the answer. */
    @JsonProperty("arrives")
    ARRIVES,
    /** It ends before. */
    @JsonProperty("ends")
    ENDS,
    /** It goes where meshd has no part: to the outside, by NAT. */
    @JsonProperty("leaves")
    LEAVES
  }

  /**
   * The way of a first packet, and of the answer to it.
   *
   * @param reason where it ends: the name of a counter ({@code dropped.spoofed_ip}, {@code
   *     ingress.failed.no_backend}, {@code dns.answers.nxdomain}), or a word of {@link End}
   * @param meaning the same in words
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Trace(
      @JsonProperty("Source") String source,
      @JsonProperty("Destination") String destination,
      @JsonProperty("Outcome") Outcome outcome,
      @JsonProperty("Reason") @Nullable String reason,
      @JsonProperty("Meaning") @Nullable String meaning,
      @JsonProperty("Hops") List<Hop> hops) {}

  /** Ends that no node counts, because no packet comes so far. */
  public enum End {
    NOT_ATTACHED("not_attached", "the source is on no network with that address"),
    NOT_RUNNING("not_running", "it does not run, so it has no place in any switch"),
    NO_NETWORK("no_network", "the source is on no network of the swarm"),
    PORT_NOT_PUBLISHED("port_not_published", "no service publishes that port"),
    NODE_SILENT("node_silent", "a node on the way does not answer the manager"),
    NO_ADDRESS("no_address", "the node has no address on the network of the tasks"),
    UNKNOWN_NODE("unknown_node", "no node of the swarm has the VTEP that the frame goes to");

    private final String word;
    private final String meaning;

    End(String word, String meaning) {
      this.word = word;
      this.meaning = meaning;
    }

    public String word() {
      return word;
    }

    public String meaning() {
      return meaning;
    }
  }

  /**
   * A step.
   *
   * @param node hostname of the node where it is decided
   * @param step name, neighbour, virtual-ip, switch, vxlan, deliver, way-out, listener, backend,
   *     host-port or answer
   * @param backends what was chosen from; null where nothing was
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Hop(
      @JsonProperty("Node") String node,
      @JsonProperty("Step") String step,
      @JsonProperty("Text") String text,
      @JsonProperty("Backends") @Nullable List<Backend> backends) {}

  /**
   * One of which one was chosen.
   *
   * @param weight share of new flows relative to the others'
   * @param weightNow percent of it that slow start lets it have
   * @param open flows or connections that it has from the node that chooses
   * @param avoided left out for a while, because it refused or did not answer
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Backend(
      @JsonProperty("ID") String id,
      @JsonProperty("Name") @Nullable String name,
      @JsonProperty("Address") String address,
      @JsonProperty("Weight") int weight,
      @JsonProperty("WeightNow") int weightNow,
      @JsonProperty("Open") int open,
      @JsonProperty("Draining") boolean draining,
      @JsonProperty("Local") boolean local,
      @JsonProperty("Avoided") boolean avoided,
      @JsonProperty("Chosen") boolean chosen) {}

  /** What a manager asks a node, about its own part of the way. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "Ask")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Name.class, name = "name"),
    @JsonSubTypes.Type(value = Send.class, name = "send"),
    @JsonSubTypes.Type(value = Receive.class, name = "receive"),
    @JsonSubTypes.Type(value = Connect.class, name = "connect")
  })
  public sealed interface Question permits Name, Send, Receive, Connect {}

  /** What does the name server at that gateway answer that asker? Addresses are dotted IPv4. */
  public record Name(
      @JsonProperty("Gateway") String gateway,
      @JsonProperty("Asker") String asker,
      @JsonProperty("Name") String name)
      implements Question {}

  /**
   * Who is behind a port of a switch.
   *
   * @param kind task, endpoint or node
   * @param id of the task or endpoint; empty for a node
   */
  public record Owner(@JsonProperty("Kind") String kind, @JsonProperty("ID") String id) {}

  /**
   * What becomes of that packet?
   *
   * @param protocol 6, 17 or 1
   * @param own the sender's own address, where the source is a client's
   * @param answer not the first packet, but the answer to it
   */
  public record Send(
      @JsonProperty("Owner") Owner owner,
      @JsonProperty("NetworkID") String networkId,
      @JsonProperty("Protocol") int protocol,
      @JsonProperty("Source") String source,
      @JsonProperty("SourcePort") int sourcePort,
      @JsonProperty("Destination") String destination,
      @JsonProperty("DestinationPort") int destinationPort,
      @JsonProperty("Own") String own,
      @JsonProperty("NextHop") String nextHop,
      @JsonProperty("Answer") boolean answer)
      implements Question {}

  /** What becomes of that VXLAN datagram from that VTEP? Base64. */
  public record Receive(
      @JsonProperty("VTEP") String vtep, @JsonProperty("Datagram") String datagram)
      implements Question {}

  /** What does that client meet at a published port? */
  public record Connect(
      @JsonProperty("Protocol") String protocol,
      @JsonProperty("Port") int port,
      @JsonProperty("Client") String client,
      @JsonProperty("Asked") String asked)
      implements Question {}

  /** The answer; one of the parts, as was asked. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Found(
      @JsonProperty("Names") @Nullable Names names,
      @JsonProperty("Frame") @Nullable Frame frame,
      @JsonProperty("Port") @Nullable Port port) {}

  /**
   * To {@link Name}.
   *
   * @param outcome name of the counter
   */
  public record Names(
      @JsonProperty("Outcome") String outcome, @JsonProperty("Addresses") List<String> addresses) {}

  /**
   * To {@link Send} and {@link Receive}.
   *
   * @param neighbor MAC that answered for the next hop
   * @param service whose virtual IP it was
   * @param pathMtu bytes of the largest IPv4 packet to the VTEP; 0 where there is none, or it is
   *     not known
   * @param answered name of the counter of what the switch itself answers
   * @param dropped name of the counter
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Frame(
      @JsonProperty("Network") String network,
      @JsonProperty("VNI") int vni,
      @JsonProperty("Encrypted") boolean encrypted,
      @JsonProperty("Neighbor") @Nullable String neighbor,
      @JsonProperty("Service") @Nullable String service,
      @JsonProperty("ByClient") boolean byClient,
      @JsonProperty("Backends") @Nullable List<Backend> backends,
      @JsonProperty("Source") String source,
      @JsonProperty("Destination") String destination,
      @JsonProperty("Owners") List<Owner> owners,
      @JsonProperty("VTEPs") List<String> vteps,
      @JsonProperty("PathMTU") int pathMtu,
      @JsonProperty("Datagram") String datagram,
      @JsonProperty("Answered") @Nullable String answered,
      @JsonProperty("Dropped") @Nullable String dropped,
      @JsonProperty("Meaning") @Nullable String meaning) {}

  /**
   * To {@link Connect}; absent where the node publishes no such port.
   *
   * @param mode snat, proxy-v2 or preserve
   * @param fallback name of the counter by which a preserved address is not kept after all
   * @param preservedFrom port from which the node asks in the client's name; 0: in its own
   * @param targetPort of the chosen backend
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Port(
      @JsonProperty("Service") String service,
      @JsonProperty("Problem") @Nullable String problem,
      @JsonProperty("Mode") String mode,
      @JsonProperty("Fallback") @Nullable String fallback,
      @JsonProperty("PreservedFrom") int preservedFrom,
      @JsonProperty("ByClient") boolean byClient,
      @JsonProperty("Backends") List<Backend> backends,
      @JsonProperty("TargetPort") int targetPort) {}
}
