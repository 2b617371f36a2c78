package io.meshd.daemon.state;

import io.meshd.ipam.AddressPool;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.SubnetAllocator;
import io.meshd.ipam.VniAllocator;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** The cluster itself. */
final class ClusterTransitions {
  private ClusterTransitions() {}

  private static final int DEFAULT_DATA_PATH_PORT = 4789;
  private static final int TASK_HISTORY_LIMIT = 5;
  static final String INGRESS_NAME = "ingress";

  static String init(Draft draft, Command.InitCluster command) {
    if (draft.cluster != null) {
      throw new Refusal(Outcome.Reason.ALREADY_EXISTS, "the cluster exists already");
    }
    List<String> pools =
        command.addressPools().isEmpty()
            ? List.of(SubnetAllocator.DEFAULT_POOL)
            : command.addressPools();
    int size = command.subnetSize() == 0 ? SubnetAllocator.DEFAULT_SIZE : command.subnetSize();
    int port = command.dataPathPort() == 0 ? DEFAULT_DATA_PATH_PORT : command.dataPathPort();
    if (port < 1024 || port > 49151) {
      throw Refusal.invalid(
          "invalid data path port " + port + ": it must be between 1024 and 49151");
    }
    SubnetAllocator allocator = new SubnetAllocator(checkedPools(pools, size), size);
    draft.cluster =
        new ClusterRecord(
            command.clusterId(),
            draft.version(),
            draft.at(),
            draft.at(),
            List.copyOf(pools),
            size,
            port,
            command.workerToken(),
            command.managerToken(),
            TASK_HISTORY_LIMIT,
            command.gossipKey() == null ? List.of() : List.of(command.gossipKey()),
            ClusterRecord.DEFAULT_CERT_EXPIRY);
    Cidr subnet = allocator.next(List.of()).orElseThrow();
    VniAllocator vnis = new VniAllocator(List.of(), 0);
    int vni = vnis.allocate().orElseThrow();
    draft.nextVni = vnis.next();
    draft.networks =
        draft.networks.plus(
            command.ingressNetworkId(),
            new NetworkRecord(
                command.ingressNetworkId(),
                draft.version(),
                draft.at(),
                INGRESS_NAME,
                vni,
                subnet.toString(),
                null,
                NetworkTransitions.defaultGateway(subnet),
                false,
                false,
                true,
                Map.of(),
                Map.of()));
    return command.clusterId();
  }

  private static List<Cidr> checkedPools(List<String> texts, int size) {
    if (size < AddressPool.MIN_PREFIX || size > AddressPool.MAX_PREFIX - 1) {
      throw Refusal.invalid(
          "invalid default address pool mask length " + size + ": it must be between 8 and 29");
    }
    List<Cidr> pools = new ArrayList<>();
    for (String text : texts) {
      Cidr pool;
      try {
        pool = Cidr.parse(text);
      } catch (IllegalArgumentException e) {
        throw Refusal.invalid("invalid CIDR address: " + text);
      }
      if (pool.prefix() > size) {
        throw Refusal.invalid(
            "invalid default address pool " + text + ": it is smaller than one subnet of /" + size);
      }
      for (Cidr other : pools) {
        if (other.overlaps(pool)) {
          throw Refusal.invalid(
              "invalid default address pools: " + other + " and " + pool + " overlap");
        }
      }
      pools.add(pool);
    }
    return pools;
  }

  static String rotate(Draft draft, Command.RotateToken command) {
    ClusterRecord old = draft.requireCluster();
    boolean worker = command.role().equals("worker");
    if (!worker && !command.role().equals("manager")) {
      throw Refusal.invalid("invalid role: " + command.role());
    }
    draft.cluster =
        old.with(
            draft.version(),
            draft.at(),
            worker ? command.token() : old.workerToken(),
            worker ? old.managerToken() : command.token(),
            old.taskHistoryLimit(),
            old.gossipKeys());
    return old.id();
  }

  static String update(Draft draft, Command.UpdateCluster command) {
    ClusterRecord old = draft.requireCluster();
    if (command.version() != old.version()) {
      throw Refusal.outOfSequence();
    }
    draft.cluster =
        old.with(
            draft.version(),
            draft.at(),
            old.workerToken(),
            old.managerToken(),
            command.taskHistoryLimit(),
            old.gossipKeys());
    Long expiry = command.nodeCertExpiry();
    if (expiry != null) {
      if (expiry <= 0) {
        throw Refusal.invalid("invalid node certificate expiry: " + expiry);
      }
      draft.cluster = draft.cluster.withCertificateLife(expiry);
    }
    return old.id();
  }

  static String setGossipKeys(Draft draft, Command.SetGossipKeys command) {
    ClusterRecord old = draft.requireCluster();
    if (command.version() != old.version()) {
      throw Refusal.outOfSequence();
    }
    int count = command.keys().size();
    if (count == 0 || count > ClusterRecord.MOST_GOSSIP_KEYS) {
      throw Refusal.invalid(
          "invalid ring of "
              + count
              + " gossip keys: it holds 1 to "
              + ClusterRecord.MOST_GOSSIP_KEYS);
    }
    for (String key : command.keys()) {
      checkKey(key);
    }
    draft.cluster =
        old.with(
            draft.version(),
            draft.at(),
            old.workerToken(),
            old.managerToken(),
            old.taskHistoryLimit(),
            command.keys());
    return old.id();
  }

  /** Says nothing of the key itself: refusals are logged. */
  private static void checkKey(String key) {
    int length;
    try {
      length = Base64.getDecoder().decode(key).length;
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid("invalid gossip key: not base64");
    }
    if (length != 16 && length != 24 && length != 32) {
      throw Refusal.invalid("invalid gossip key of " + length + " bytes: AES takes 16, 24 or 32");
    }
  }
}
