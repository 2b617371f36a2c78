package io.meshd.daemon.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.api.Services;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.JsonBody;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.RegistryAuth;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.ServiceSpecs;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code /services}, without their logs. */
final class ServiceRoutes {
  private static final Set<String> FILTERS = Set.of("id", "name", "label", "mode", "runtime");

  private final ClusterAccess cluster;
  private final PortSurvey survey;
  private final Ids ids;
  private final RandomNames names;

  ServiceRoutes(ClusterAccess cluster, PortSurvey survey, Ids ids, RandomNames names) {
    this.cluster = cluster;
    this.survey = survey;
    this.ids = ids;
    this.names = names;
  }

  void addTo(Routes routes) {
    cluster.add(routes, "GET", Paths.SERVICES, this::list);
    cluster.add(routes, "GET", Paths.SERVICES + "/{id}", this::inspect);
    cluster.add(routes, "POST", Paths.SERVICES + "/create", this::create);
    cluster.add(routes, "POST", Paths.SERVICES + "/{id}/update", this::update);
    cluster.add(routes, "DELETE", Paths.SERVICES + "/{id}", this::remove);
  }

  private void list(Exchange exchange, Proposer proposer) {
    Filters filters = Filters.of(exchange, FILTERS);
    for (String mode : filters.get("mode")) {
      if (!mode.equals("replicated") && !mode.equals("global")) {
        throw new ApiException(400, "Invalid mode filter: '" + mode + "'");
      }
    }
    ClusterState state = proposer.state();
    boolean status = exchange.flag("status");
    List<Services.Service> services =
        state.services().values().stream()
            .filter(service -> matches(service, filters))
            .sorted(Comparator.comparing(ServiceRecord::createdAt))
            .map(
                service ->
                    status
                        ? ServiceView.withStatus(service, state)
                        : ServiceView.of(service, false, state))
            .toList();
    exchange.respond(200, services);
  }

  private static boolean matches(ServiceRecord service, Filters filters) {
    Services.ServiceMode mode = service.spec().mode();
    String word = mode != null && mode.global() != null ? "global" : "replicated";
    return filters.any("id", service.id()::startsWith)
        && filters.any("name", service.name()::startsWith)
        && filters.any("mode", word::equals)
        && filters.labels("label", service.spec().labels());
  }

  private void inspect(Exchange exchange, Proposer proposer) {
    ClusterState state = proposer.state();
    ServiceRecord service = Lookup.service(state, exchange.param("id"));
    exchange.respond(200, ServiceView.of(service, exchange.flag("insertDefaults"), state));
  }

  private void create(Exchange exchange, Proposer proposer) {
    Services.ServiceSpec spec = asked(exchange, names.next());
    requireEngine(spec, proposer.state());
    survey.refuseTaken(spec, List.of(), proposer.state());
    RegistryAuth auth = RegistryAuthHeader.of(exchange);
    String id =
        ClusterAccess.propose(
            proposer,
            new Command.CreateService(cluster.now(), ids.next(), spec, forImage(spec, auth)));
    exchange.respond(201, new Services.CreateResponse(id, null));
  }

  /** A process is pulled from nowhere. */
  private static @Nullable RegistryAuth forImage(
      Services.ServiceSpec spec, @Nullable RegistryAuth auth) {
    return ServiceSpecs.container(spec) ? auth : null;
  }

  /** Said at once, as nothing would ever come of it. */
  private static void requireEngine(Services.ServiceSpec spec, ClusterState state) {
    if (ServiceSpecs.container(spec)
        && state.nodes().values().stream().noneMatch(NodeRecord::runsContainers)) {
      throw ClusterAccess.error(
          new Outcome.Refused(
              Outcome.Reason.FAILED_PRECONDITION,
              "no node of this swarm has a Docker Engine, which an image needs: start one, or use"
                  + " --runtime process with a command"),
          true);
    }
  }

  /** The spec, as it is to be kept. */
  private static Services.ServiceSpec asked(Exchange exchange, String name) {
    Services.ServiceSpec spec = named(exchange.body(), name);
    Services.ServiceSpec kept = spec.withTaskTemplate(ProcessImage.kept(spec.taskTemplate()));
    ServiceFields.check(kept);
    return kept;
  }

  /** The spec; one without a name (Docker's CLI leaves it out) gets this one. */
  private static Services.ServiceSpec named(byte[] body, String name) {
    try {
      JsonNode tree = Json.MAPPER.readTree(body);
      ServiceFields.checkMode(JsonBody.field(tree, "Mode"));
      if (tree instanceof ObjectNode object
          && JsonBody.asksNothing(JsonBody.field(object, "Name"))) {
        object.remove(List.of("Name", "name"));
        object.put("Name", name);
        return JsonBody.readStrictly(object, Services.ServiceSpec.class);
      }
    } catch (JsonProcessingException _) {
      // the reader below says what is wrong, and where
    } catch (IOException e) {
      throw new ApiException(400, "invalid JSON: the body cannot be read");
    }
    return JsonBody.readStrictly(body, Services.ServiceSpec.class);
  }

  private void update(Exchange exchange, Proposer proposer) {
    long version = ClusterAccess.version(exchange, "service");
    ServiceRecord service = Lookup.service(proposer.state(), exchange.param("id"));
    String rollback = exchange.query("rollback");
    Services.ServiceSpec spec;
    String why = null;
    RegistryAuth auth = null;
    if (rollback == null || rollback.isEmpty() || rollback.equals("none")) {
      spec = asked(exchange, service.name());
      auth = forImage(spec, registryAuth(exchange, service));
    } else if (!rollback.equals("previous")) {
      throw new ApiException(400, "unrecognized rollback option " + rollback);
    } else if (service.previousSpec() == null) {
      throw ClusterAccess.error(
          new Outcome.Refused(
              Outcome.Reason.FAILED_PRECONDITION,
              "service %s does not have a previous spec".formatted(service.id())),
          true);
    } else {
      spec = service.previousSpec();
      why = "manually requested rollback";
    }
    survey.refuseTaken(spec, service.ports(), proposer.state());
    ClusterAccess.propose(
        proposer, new Command.UpdateService(cluster.now(), service.id(), version, spec, why, auth));
    exchange.respond(200, new Services.UpdateResponse(warnings(service, proposer.state())));
  }

  /** What is to take the place of the credentials that there are; null: nothing. */
  private static @Nullable RegistryAuth registryAuth(Exchange exchange, ServiceRecord service) {
    RegistryAuth sent = RegistryAuthHeader.of(exchange);
    if (sent != null) {
      return sent;
    }
    String from = exchange.query("registryAuthFrom");
    return switch (from == null ? "" : from) {
      case "", "spec" -> null;
      case "previous-spec" -> {
        if (service.previousSpec() == null) {
          throw new ApiException(400, "service does not have a previous spec");
        }
        yield service.previousRegistryAuth() == null
            ? RegistryAuth.NONE
            : service.previousRegistryAuth();
      }
      default -> throw new ApiException(400, "unsupported registryAuthFrom value");
    };
  }

  /** A port was published, and for that the tasks have to go: Swarm's users expect it to. */
  private static @Nullable List<String> warnings(ServiceRecord old, ClusterState state) {
    ServiceRecord now = state.services().get(old.id());
    boolean unexpected =
        now != null
            && now.specVersion() != old.specVersion()
            && now.spec().taskTemplate().equals(old.spec().taskTemplate())
            && now.ports().stream()
                .filter(ServiceSpecs::host)
                .toList()
                .equals(old.ports().stream().filter(ServiceSpecs::host).toList());
    return unexpected
        ? List.of(
            "the tasks of service "
                + old.name()
                + " are on no network that a published port could reach: they are replaced, one"
                + " after the other, by tasks on the network ingress")
        : null;
  }

  private void remove(Exchange exchange, Proposer proposer) {
    ServiceRecord service = Lookup.service(proposer.state(), exchange.param("id"));
    ClusterAccess.propose(proposer, new Command.RemoveService(cluster.now(), service.id()));
    exchange.respond(200, null);
  }
}
