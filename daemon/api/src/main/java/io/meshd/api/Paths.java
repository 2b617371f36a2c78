package io.meshd.api;

/** The paths of the API. Every one may be prefixed with {@code /vX.Y}. */
public final class Paths {
  private Paths() {}

  public static final String API_VERSION = "1.47";
  public static final String MIN_API_VERSION = "1.24";
  public static final String SOCKET = "/run/meshd/meshd.sock";

  public static final String PING = "/_ping";
  public static final String INFO = "/info";
  public static final String VERSION = "/version";
  public static final String SWARM = "/swarm";
  public static final String NODES = "/nodes";
  public static final String NETWORKS = "/networks";
  public static final String SERVICES = "/services";
  public static final String TASKS = "/tasks";
  public static final String CONTAINERS = "/containers";
  public static final String EXEC = "/exec";

  /** What Docker has not. */
  public static final String MESH = "/mesh/v1";

  public static final String ENDPOINTS = MESH + "/endpoints";

  /**
   * Endpoints of this node's containers, for its network plugin. {@code POST}: {@link
   * Mesh.ContainerAttachRequest}, answered with {@link Mesh.Endpoint}; {@code POST .../names}:
   * {@link Mesh.ContainerNames}; {@code DELETE .../ID}.
   */
  public static final String CONTAINER_ENDPOINTS = MESH + "/container-endpoints";

  /**
   * Networks of a Docker Swarm, for the managed plugin of a node's Engine. {@code POST}: {@link
   * Mesh.SwarmNetwork}; {@code POST .../ID/services}: {@link Mesh.SwarmServices}; {@code DELETE
   * .../ID}. The ID is the Swarm's.
   */
  public static final String SWARM_NETWORKS = MESH + "/swarm-networks";

  /**
   * The managed plugin of this node's Engine. {@code POST} installs it and answers when it is
   * enabled, {@code DELETE} removes it.
   */
  public static final String ENGINE_PLUGIN = MESH + "/engine-plugin";

  /**
   * {@code GET ?src=S&dst=D&port=P&protocol=tcp|udp} on a manager: {@link Traces.Trace}; without a
   * port an ICMP echo.
   */
  public static final String TRACE = MESH + "/trace";

  /** {@code GET} on a manager: {@link Checkups.Checkup} of all nodes. */
  public static final String DOCTOR = MESH + "/doctor";

  /** {@code GET} on any node: {@link Checkups.Checkup} of that node alone. */
  public static final String LOCAL_DOCTOR = MESH + "/local/doctor";

  public static final String COUNTERS = MESH + "/counters";

  /** {@code GET} on a manager: the file. */
  public static final String BACKUP = MESH + "/swarm/backup";

  /** {@code POST} of that file to a node in no cluster; the answer is its ID as a JSON string. */
  public static final String RESTORE = MESH + "/swarm/restore";

  /** {@code GET}: {@link Mesh.Keys}. */
  public static final String KEYS = MESH + "/keys";

  /** {@code POST}: new keys for gossip and encrypted networks; answers when that is accepted. */
  public static final String ROTATE_KEYS = KEYS + "/rotate";

  public static final String GOSSIP = MESH + "/gossip";

  /** With answers that this node gives from what it knows: the state's version they are of. */
  public static final String STATE_VERSION_HEADER = "Meshd-State-Version";

  /** {@code GET}: how far this node itself is. */
  public static final String STATE = MESH + "/state";
}
