package io.meshd.testcluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.testcluster.NodeApi.Answer;
import io.meshd.testcluster.history.HoldingCheck;
import io.meshd.testcluster.history.HoldingCheck.Holding;
import io.meshd.testcluster.history.Operation;
import io.meshd.testcluster.history.Operation.Kind;
import io.meshd.testcluster.history.Operation.Outcome;
import io.meshd.testcluster.history.PresenceCheck;
import io.meshd.testcluster.history.PresenceCheck.Look;
import io.meshd.testcluster.history.Recording;
import io.meshd.testcluster.history.RegisterCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Clients that change things all the time on several nodes, and remember what they did and were
 * told: labels of services as registers (changed by version, so compare-and-set), networks and
 * services with a published port that come and go. {@link #violations} judges all of it.
 *
 * <p>A little longer than most: what is done and what is remembered of it belong together.
 */
final class Writers implements AutoCloseable {
  /** The network on which the services are, made beforehand. */
  static final String NETWORK = "held";

  private static final int REGISTERS = 3;
  private static final int MOST_AT_ONCE = 3;
  private static final Duration LIMIT = Duration.ofSeconds(12);
  private static final String LABEL = "value";

  private final Path state;
  private final List<Thread> threads = new ArrayList<>();
  private final Recording registers = new Recording();
  private final Recording objects = new Recording();
  private final Queue<Look> networkLooks = new ConcurrentLinkedQueue<>();
  private final Queue<Look> serviceLooks = new ConcurrentLinkedQueue<>();
  private final Queue<Holding> holdings = new ConcurrentLinkedQueue<>();

  /** What was there at each version that an answer named. */
  private final Map<String, Set<String>> versions = new ConcurrentHashMap<>();

  private final Queue<String> seen = new ConcurrentLinkedQueue<>();
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong lastNanos = new AtomicLong();
  private final AtomicLong longestNanos = new AtomicLong();
  private volatile boolean stopped;

  Writers(Path state) {
    this.state = state;
  }

  /** Makes the registers, and begins. */
  void start(List<String> nodes, int perNode, long seed) {
    NodeApi first = new NodeApi(state, nodes.getFirst());
    for (int i = 0; i < REGISTERS; i++) {
      Answer made =
          first.ask("POST", "/services/create", service(register(i), 0, Map.of(LABEL, "0")), LIMIT);
      if (!made.done()) {
        throw new AssertionError("no register: " + made);
      }
    }
    lastNanos.set(System.nanoTime());
    for (String node : nodes) {
      for (int i = 0; i < perNode; i++) {
        String name = node + "-" + i;
        Client client =
            new Client(
                name, new NodeApi(state, node), new Random(seed * 31 + name.hashCode()), false);
        threads.add(Thread.ofVirtual().name(name).start(client::run));
      }
    }
  }

  private static String register(int number) {
    return "register-" + number;
  }

  private static Map<String, Object> service(
      String name, int replicas, Map<String, String> labels) {
    return Map.of(
        "Name",
        name,
        "Labels",
        labels,
        "TaskTemplate",
        Map.of(
            "ContainerSpec",
            Map.of("Command", List.of("sleep", "1000000")),
            "Runtime",
            "process",
            "Networks",
            List.of(Map.of("Target", NETWORK))),
        "Mode",
        Map.of("Replicated", Map.of("Replicas", replicas)),
        "EndpointSpec",
        Map.of(
            "Ports",
            replicas == 0
                ? List.of()
                : List.of(Map.of("Protocol", "tcp", "TargetPort", 80, "PublishMode", "ingress"))));
  }

  /** How many changes were acknowledged so far. */
  long acknowledged() {
    return acknowledged.get();
  }

  /** In which nobody's change was acknowledged; since the last call. */
  Duration longestPause() {
    return Duration.ofNanos(longestNanos.getAndSet(0));
  }

  @Override
  public void close() {
    stopped = true;
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    threads.clear();
  }

  /** One more look at everything, on a manager that has all of it. */
  void lookOnce(String node) {
    Client client = new Client(node + "-last", new NodeApi(state, node), new Random(0), true);
    for (int i = 0; i < REGISTERS; i++) {
      if (client.read(register(i)) == null) {
        seen.add("register " + i + " cannot be read in the end");
      }
    }
    client.lookAtNetworks();
    client.lookAtServices();
    client.lookAtTasks();
  }

  /** In words; empty when everything that clients saw can have been. */
  List<String> violations() {
    // What was looked at first: what it shows had been begun by then.
    List<Look> networks = List.copyOf(networkLooks);
    List<Look> services = List.copyOf(serviceLooks);
    List<String> all = new ArrayList<>(seen);
    registers.all().stream()
        .collect(Collectors.groupingBy(Operation::key))
        .forEach((key, history) -> all.addAll(RegisterCheck.check("0", history)));
    all.addAll(PresenceCheck.check(ofKind("network"), networks));
    all.addAll(PresenceCheck.check(ofKind("service"), services));
    all.addAll(HoldingCheck.check(List.copyOf(holdings)));
    return all;
  }

  private List<Operation> ofKind(String kind) {
    return objects.all().stream().filter(operation -> operation.key().startsWith(kind)).toList();
  }

  @Override
  public String toString() {
    Map<Outcome, Long> outcomes =
        Stream.concat(registers.all().stream(), objects.all().stream())
            .filter(operation -> operation.kind() == Kind.WRITE)
            .collect(
                Collectors.groupingBy(Operation::outcome, TreeMap::new, Collectors.counting()));
    long reads =
        registers.all().stream().filter(operation -> operation.kind() == Kind.READ).count()
            + networkLooks.size()
            + serviceLooks.size();
    return "writes %s, %d reads, %d numbers and addresses held"
        .formatted(outcomes, reads, holdings.size());
  }

  /** A network or service that this client made. */
  private record Owned(String kind, String name, String id, long made, Set<String> resources) {}

  private final class Client {
    private final String name;
    private final NodeApi api;
    private final Random random;
    private final Deque<Owned> owned = new ArrayDeque<>();
    private final boolean last;
    private int count;

    Client(String name, NodeApi api, Random random, boolean last) {
      this.name = name;
      this.last = last;
      this.api = api;
      this.random = random;
    }

    void run() {
      while (!stopped) {
        int dice = random.nextInt(100);
        if (dice < 50) {
          compareAndSet(register(random.nextInt(REGISTERS)));
        } else if (dice < 60) {
          read(register(random.nextInt(REGISTERS)));
        } else if (dice < 66) {
          lookAtNetworks();
        } else if (dice < 70) {
          lookAtServices();
        } else if (dice < 72) {
          lookAtTasks();
        } else if (owned.size() >= MOST_AT_ONCE || (dice > 85 && !owned.isEmpty())) {
          remove(owned.remove());
        } else if (dice % 4 == 0) {
          make("service", "/services/create", n -> service(n, 1, Map.of()));
        } else {
          make(
              "network",
              "/networks/create",
              n -> Map.of("Name", n, "Driver", "overlay", "Attachable", true));
        }
        pause(20 + random.nextInt(60));
      }
      while (!owned.isEmpty()) {
        end(owned.remove(), Long.MAX_VALUE);
      }
    }

    private void pause(int millis) {
      try {
        Thread.sleep(millis); // as a user would not type faster
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private @Nullable JsonNode read(String key) {
      long invoked = System.nanoTime();
      Answer answer = api.ask("GET", "/services/" + key, null, LIMIT);
      if (answer.status() == 404) {
        seen.add(key + " is gone for " + name);
      }
      if (!answer.done()) {
        return null;
      }
      String value = answer.body().path("Spec").path("Labels").path(LABEL).asText();
      registers.read(name, key, value, invoked);
      return answer.body();
    }

    private void compareAndSet(String key) {
      JsonNode service = read(key);
      if (service == null) {
        return;
      }
      ObjectNode spec = (ObjectNode) service.path("Spec");
      String old = spec.path("Labels").path(LABEL).asText();
      String value = name + "." + count++;
      ((ObjectNode) spec.path("Labels")).put(LABEL, value);
      String path =
          "/services/%s/update?version=%d"
              .formatted(
                  service.path("ID").asText(), service.path("Version").path("Index").asLong());
      Operation write = registers.begin(name, key, value, old);
      registers.end(write, outcome(api.ask("POST", path, spec, LIMIT)));
    }

    private Outcome outcome(Answer answer) {
      if (answer.done()) {
        acknowledged.incrementAndGet();
        long now = System.nanoTime();
        longestNanos.accumulateAndGet(now - lastNanos.getAndSet(now), Math::max);
        return Outcome.DONE;
      }
      return answer.refused() ? Outcome.REFUSED : Outcome.UNKNOWN;
    }

    private void make(String kind, String path, Function<String, Object> body) {
      String object = kind + "-" + name + "-" + count++;
      Operation making = objects.begin(name, object, PresenceCheck.MADE, "");
      Answer answer = api.ask("POST", path, body.apply(object), LIMIT);
      // Of a name that nobody else uses, "it exists" means that it was heard twice.
      Outcome outcome = answer.status() == 409 ? Outcome.UNKNOWN : outcome(answer);
      objects.end(making, outcome);
      long now = System.nanoTime();
      if (outcome != Outcome.DONE) {
        return;
      }
      String id = answer.body().path(kind.equals("network") ? "Id" : "ID").asText();
      Answer inspected = api.ask("GET", "/" + kind + "s/" + id, null, LIMIT);
      Set<String> resources =
          !inspected.done()
              ? Set.of()
              : kind.equals("network") ? ofNetwork(inspected.body()) : ofService(inspected.body());
      owned.add(new Owned(kind, object, id, now, resources));
    }

    private void remove(Owned object) {
      Operation removing = objects.begin(name, object.name, PresenceCheck.REMOVED, "");
      Answer answer = api.ask("DELETE", "/" + object.kind + "s/" + object.id, null, LIMIT);
      // Of what is there once, "it is not there" means that it was heard twice.
      Outcome outcome = answer.status() == 404 ? Outcome.UNKNOWN : outcome(answer);
      objects.end(removing, outcome);
      end(object, outcome == Outcome.REFUSED ? Long.MAX_VALUE : removing.invoked());
    }

    private void end(Owned object, long until) {
      object.resources.forEach(r -> holdings.add(new Holding(r, object.name, object.made, until)));
    }

    private void lookAtNetworks() {
      look("/networks", "Name", "network-", networkLooks, Writers::ofNetwork);
    }

    private void lookAtServices() {
      look("/services", "Spec", "service-", serviceLooks, Writers::ofService);
    }

    private void lookAtTasks() {
      Answer answer = api.ask("GET", "/tasks", null, LIMIT);
      if (answer.done()) {
        once(answer.body(), "ID", Writers::ofTask);
      }
    }

    private void look(
        String path,
        String nameField,
        String prefix,
        Queue<Look> looks,
        Function<JsonNode, Set<String>> resources) {
      long invoked = System.nanoTime();
      Answer answer = api.ask("GET", path, null, LIMIT);
      if (!answer.done()) {
        return;
      }
      Set<String> names = new TreeSet<>();
      for (JsonNode each : answer.body()) {
        JsonNode named = each.path(nameField);
        String object = named.isTextual() ? named.asText() : named.path("Name").asText();
        if (object.startsWith(prefix)) {
          names.add(object);
        }
      }
      if (answer.version() == null || last) {
        looks.add(new Look(name, names, invoked, System.nanoTime()));
      }
      Set<String> before =
          answer.version() == null ? null : versions.putIfAbsent(path + answer.version(), names);
      if (before != null && !before.equals(names)) {
        seen.add("%s at version %s: %s and %s".formatted(path, answer.version(), before, names));
      }
      once(answer.body(), nameField, resources);
    }

    /** In one answer, which is one version of the state, nothing is there twice. */
    private void once(JsonNode list, String nameField, Function<JsonNode, Set<String>> resources) {
      List<Holding> now = new ArrayList<>();
      for (JsonNode each : list) {
        String owner = each.path(nameField).toString();
        resources.apply(each).forEach(r -> now.add(new Holding(r, owner, 0, 1)));
      }
      seen.addAll(HoldingCheck.check(now));
    }
  }

  private static Set<String> ofNetwork(JsonNode network) {
    if (!network.path("Driver").asText().equals("overlay")) {
      return Set.of();
    }
    Set<String> all = new TreeSet<>();
    all.add(
        "VNI "
            + network
                .path("Options")
                .path("com.docker.network.driver.overlay.vxlanid_list")
                .asText());
    network
        .path("IPAM")
        .path("Config")
        .forEach(c -> all.add("subnet " + c.path("Subnet").asText()));
    return all;
  }

  private static Set<String> ofService(JsonNode service) {
    Set<String> all = new TreeSet<>();
    JsonNode endpoint = service.path("Endpoint");
    endpoint
        .path("Ports")
        .forEach(
            p ->
                all.add(
                    "port " + p.path("PublishedPort").asInt() + "/" + p.path("Protocol").asText()));
    endpoint.path("VirtualIPs").forEach(v -> all.add("address " + v.path("Addr").asText()));
    return all;
  }

  private static Set<String> ofTask(JsonNode task) {
    // A task that has ended has given its addresses back, and keeps the memory of them.
    if (!Set.of(
            "new", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running")
        .contains(task.path("Status").path("State").asText())) {
      return Set.of();
    }
    return StreamSupport.stream(task.path("NetworksAttachments").spliterator(), false)
        .flatMap(a -> StreamSupport.stream(a.path("Addresses").spliterator(), false))
        .map(address -> "address " + address.asText())
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
