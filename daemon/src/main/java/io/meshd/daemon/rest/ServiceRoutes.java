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
import io.meshd.daemon.state.Outcome;
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
                        : ServiceView.of(service, false))
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
    ServiceRecord service = Lookup.service(proposer.state(), exchange.param("id"));
    exchange.respond(200, ServiceView.of(service, exchange.flag("insertDefaults")));
  }

  private void create(Exchange exchange, Proposer proposer) {
    Services.ServiceSpec spec = named(exchange.body(), names.next());
    survey.refuseTaken(spec, List.of(), proposer.state());
    String id =
        ClusterAccess.propose(proposer, new Command.CreateService(cluster.now(), ids.next(), spec));
    exchange.respond(201, new Services.CreateResponse(id, null));
  }

  /** The spec; one without a name (Docker's CLI leaves it out) gets this one. */
  private static Services.ServiceSpec named(byte[] body, String name) {
    try {
      JsonNode tree = Json.MAPPER.readTree(body);
      if (tree instanceof ObjectNode object
          && (!object.hasNonNull("Name") || object.path("Name").asText().isEmpty())) {
        object.put("Name", name);
        return JsonBody.read(object, Services.ServiceSpec.class);
      }
    } catch (JsonProcessingException _) {
      // the reader below says what is wrong, and where
    } catch (IOException e) {
      throw new ApiException(400, "invalid JSON: the body cannot be read");
    }
    return JsonBody.read(body, Services.ServiceSpec.class);
  }

  private void update(Exchange exchange, Proposer proposer) {
    long version = ClusterAccess.version(exchange, "service");
    ServiceRecord service = Lookup.service(proposer.state(), exchange.param("id"));
    String rollback = exchange.query("rollback");
    Services.ServiceSpec spec;
    String why = null;
    if (rollback == null || rollback.isEmpty()) {
      spec = named(exchange.body(), service.name());
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
        proposer, new Command.UpdateService(cluster.now(), service.id(), version, spec, why));
    exchange.respond(200, new Services.UpdateResponse(warnings(service, proposer.state())));
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
