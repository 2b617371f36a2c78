package io.meshd.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Shapes of {@code GET /mesh/v1/doctor}. */
public final class Checkups {
  private Checkups() {}

  /** Worse ones last. */
  public enum Result {
    @JsonProperty("ok")
    OK,
    /** Worth knowing, and nothing to do now. */
    @JsonProperty("note")
    NOTE,
    /** It works, and not well, or not for long. */
    @JsonProperty("warning")
    WARNING,
    /** Something does not work. */
    @JsonProperty("error")
    ERROR;

    public boolean faulty() {
      return this == WARNING || this == ERROR;
    }
  }

  /**
   * What one check found.
   *
   * @param node hostname of the node on which something is to be done, or that is well
   * @param check one word: vxlan, gossip, control, bulk, address, certificate, subnets, ports,
   *     firewall, drops, disk, limits, kernel; of all nodes by the leader: nodes, clock
   * @param mend what to do about it; null where there is nothing to do
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Finding(
      @JsonProperty("Node") String node,
      @JsonProperty("Check") String check,
      @JsonProperty("Result") Result result,
      @JsonProperty("Text") String text,
      @JsonProperty("Mend") @Nullable String mend) {}

  /**
   * @param nodes hostnames of those that were examined
   * @param findings of each check on each node one at least
   */
  public record Checkup(
      @JsonProperty("Nodes") List<String> nodes,
      @JsonProperty("Findings") List<Finding> findings) {}

  /**
   * What a node says to another one that asks for the time, at {@code /mesh/v1/local/time}.
   *
   * @param unixMillis its own clock
   * @param seen address from which it was asked
   * @param padding as many characters as were asked for
   */
  public record Time(
      @JsonProperty("UnixMillis") long unixMillis,
      @JsonProperty("Seen") String seen,
      @JsonProperty("Padding") String padding) {}
}
