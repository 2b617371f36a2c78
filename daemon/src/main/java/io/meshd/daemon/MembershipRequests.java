package io.meshd.daemon;

import io.meshd.api.Nodes;
import io.meshd.api.Swarm;
import io.meshd.daemon.control.ClusterBirth;
import io.meshd.daemon.control.JoinClient;
import io.meshd.daemon.http.ApiException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code swarm init} and {@code swarm join} ask for, checked and completed. */
final class MembershipRequests {
  private static final int VXLAN_PORT = 4789;
  private static final List<String> DEFAULT_POOLS = List.of("10.0.0.0/8");
  private static final int DEFAULT_SUBNET_SIZE = 24;
  private static final String DEFAULT_AVAILABILITY = "active";

  private MembershipRequests() {}

  /**
   * @throws ApiException in words where something is not supported, not an address or no port
   */
  static ClusterBirth.Plan plan(Swarm.InitRequest request, Nodes.NodeDescription description) {
    AdvertiseAddress control =
        AdvertiseAddress.resolve("--advertise-addr", request.advertiseAddr());
    return new ClusterBirth.Plan(
        control.ip(),
        control.port(),
        dataPath(request.dataPathAddr(), control),
        dataPathPort(request.dataPathPort()),
        orDefault(request.defaultAddrPool(), DEFAULT_POOLS),
        request.subnetSize() == null || request.subnetSize() == 0
            ? DEFAULT_SUBNET_SIZE
            : request.subnetSize(),
        orDefault(request.availability(), DEFAULT_AVAILABILITY),
        description);
  }

  /**
   * @throws ApiException in words where something is not an address
   */
  static JoinClient.Applicant applicant(
      Swarm.JoinRequest request, Nodes.NodeDescription description) {
    AdvertiseAddress control =
        request.advertiseAddr() == null || request.advertiseAddr().isBlank()
            ? AdvertiseAddress.towards(request.remoteAddrs())
            : AdvertiseAddress.resolve("--advertise-addr", request.advertiseAddr());
    return new JoinClient.Applicant(
        orDefault(request.availability(), DEFAULT_AVAILABILITY),
        description,
        control.ip(),
        control.port(),
        dataPath(request.dataPathAddr(), control));
  }

  /** Host:port of the managers to be asked. */
  static List<String> managers(Swarm.JoinRequest request) {
    return request.remoteAddrs().stream()
        .map(
            address ->
                address.contains(":") ? address : address + ":" + AdvertiseAddress.CONTROL_PORT)
        .toList();
  }

  private static String dataPath(@Nullable String asked, AdvertiseAddress control) {
    return asked == null || asked.isBlank()
        ? control.ip()
        : AdvertiseAddress.resolve("--data-path-addr", asked).ip();
  }

  private static int dataPathPort(@Nullable Integer port) {
    if (port == null || port == 0) {
      return VXLAN_PORT;
    }
    if (port < 1024 || port > 49151) {
      throw new ApiException(
          400, "VXLAN UDP port number is not in valid range (1024-49151): " + port);
    }
    return port;
  }

  private static <T> List<T> orDefault(@Nullable List<T> given, List<T> otherwise) {
    return given == null || given.isEmpty() ? otherwise : given;
  }

  private static String orDefault(@Nullable String given, String otherwise) {
    return given == null || given.isBlank() ? otherwise : given;
  }
}
