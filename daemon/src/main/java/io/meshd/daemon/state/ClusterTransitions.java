package io.meshd.daemon.state;

import io.meshd.ipam.AddressPool;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.SubnetAllocator;
import io.meshd.ipam.VniAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
            ring(command.gossipKey()),
            ClusterRecord.DEFAULT_CERT_EXPIRY,
            ring(command.dataKey()),
            null,
            command.authority(),
            null,
            null,
            draft.version());
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

  private static List<String> ring(@Nullable String key) {
    return key == null ? List.of() : List.of(key);
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
    ClusterEdit edit = old.edit();
    if (worker) {
      edit.workerToken = command.token();
    } else {
      edit.managerToken = command.token();
    }
    draft.cluster = edit.build(draft);
    return old.id();
  }

  static String lock(Draft draft, Command.SetUnlockKey command) {
    ClusterRecord old = draft.requireCluster();
    ClusterEdit edit = old.edit();
    edit.unlockKey = command.key();
    draft.cluster = edit.build(draft);
    return old.id();
  }

  private static Refusal precondition(String message) {
    return new Refusal(Outcome.Reason.FAILED_PRECONDITION, message);
  }

  static String rotateAuthority(Draft draft, Command.RotateAuthority command) {
    ClusterRecord old = draft.requireCluster();
    Authority authority = old.authority();
    if (command.version() != old.version()) {
      throw Refusal.outOfSequence();
    }
    if (authority == null) {
      throw precondition("the swarm has no CA that could be replaced");
    }
    if (authority.next() != null) {
      throw precondition(
          "the swarm's CA is being replaced already: that ends when every node has a new"
              + " certificate or is removed");
    }
    ClusterEdit edit = old.edit();
    edit.authority = new Authority(authority.root(), authority.key(), command.next());
    draft.cluster = edit.build(draft);
    return old.id();
  }

  static String finishAuthority(Draft draft, Command.FinishAuthority command) {
    ClusterRecord old = draft.requireCluster();
    Authority.Next next = old.authority() == null ? null : old.authority().next();
    if (command.version() != old.version() || next == null) {
      throw Refusal.outOfSequence();
    }
    ClusterEdit edit = old.edit();
    edit.authority = new Authority(next.root(), next.key(), null);
    edit.workerToken = command.workerToken();
    edit.managerToken = command.managerToken();
    draft.cluster = edit.build(draft);
    return old.id();
  }

  static String update(Draft draft, Command.UpdateCluster command) {
    ClusterRecord old = draft.requireCluster();
    if (command.version() != old.version()) {
      throw Refusal.outOfSequence();
    }
    ClusterEdit edit = old.edit();
    edit.taskHistoryLimit = command.taskHistoryLimit();
    Long expiry = command.nodeCertExpiry();
    if (expiry != null) {
      if (expiry <= 0) {
        throw Refusal.invalid("invalid node certificate expiry: " + expiry);
      }
      edit.nodeCertExpiry = expiry;
    }
    draft.cluster = edit.build(draft);
    return old.id();
  }
}
