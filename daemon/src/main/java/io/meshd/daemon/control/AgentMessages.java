package io.meshd.daemon.control;

import io.meshd.api.Nodes;
import io.meshd.api.Paths;
import io.meshd.daemon.state.Command;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What nodes and managers say to each other under {@code /mesh/v1/agent}. */
public final class AgentMessages {
  private AgentMessages() {}

  static final String AGENT = Paths.MESH + "/agent";
  static final String JOIN = AGENT + "/join";
  static final String WATCH = AGENT + "/watch";
  static final String REPORT = AGENT + "/report";
  static final String LEAVE = AGENT + "/leave";
  static final String RENEW = AGENT + "/renew";
  static final String DESCRIBE = AGENT + "/describe";
  static final String PAUSE = AGENT + "/pause";
  static final String MEMBERS = AGENT + "/members";
  static final String LEADER = AGENT + "/leader";

  /**
   * {@code POST /mesh/v1/agent/join}.
   *
   * @param csr PKCS #10 as PEM
   * @param advertiseAddress without port; null: the address that the manager sees
   * @param controlPort of this node's own :2377
   * @param dataPathAddress for VXLAN; null: the advertised address
   */
  public record JoinCall(
      String token,
      String csr,
      String availability,
      Nodes.NodeDescription description,
      @Nullable String advertiseAddress,
      int controlPort,
      @Nullable String dataPathAddress) {}

  /**
   * @param role worker or manager
   * @param certificate PEM, as is {@code root}
   * @param managers control addresses host:port
   */
  public record JoinAnswer(
      String nodeId,
      String clusterId,
      String role,
      String certificate,
      String root,
      List<String> managers,
      String advertiseAddress,
      String controlAddress,
      String vtep,
      int dataPathPort) {}

  /**
   * {@code POST /mesh/v1/agent/renew}: PKCS #10 as PEM, for whom the caller's certificate names.
   */
  public record RenewCall(String csr) {}

  /** {@code certificate}: PEM. */
  public record RenewAnswer(String certificate) {}

  /**
   * {@code GET /mesh/v1/agent/members}, for managers: what one needs to take part in the log.
   *
   * @param members of the log, by the names that they have there
   * @param addresses of the managers, node ID to host:port
   */
  public record MembersAnswer(List<String> members, Map<String, String> addresses) {}

  /** {@code POST /mesh/v1/agent/describe}: what the caller is, shows, and whom it trusts. */
  public record DescribeCall(Nodes.NodeDescription description) {}

  /** {@code POST /mesh/v1/agent/report}; an empty list says that the node is alive. */
  public record ReportCall(List<Command.Report> reports) {}
}
