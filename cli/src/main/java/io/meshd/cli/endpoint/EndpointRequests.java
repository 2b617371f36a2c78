package io.meshd.cli.endpoint;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Attaching and detaching, for {@code endpoint} and for its aliases under {@code network}. */
public final class EndpointRequests {
  private final ApiClient api;

  public EndpointRequests(ApiClient api) {
    this.api = api;
  }

  /** Exactly one of netns (a path) and pid says whose namespace it is. */
  public Mesh.Endpoint attach(
      String network,
      @Nullable String service,
      @Nullable String name,
      @Nullable String netns,
      @Nullable Integer pid,
      @Nullable String address) {
    if ((netns == null) == (pid == null)) {
      throw new Failure("exactly one of --netns and --pid is required");
    }
    if (pid != null && pid <= 0) {
      throw new Failure("invalid process ID: " + pid);
    }
    return api.post(
        Paths.ENDPOINTS,
        new Mesh.EndpointAttachRequest(network, service, name, netns, pid, address),
        Mesh.Endpoint.class);
  }

  public void detach(String id) {
    api.call("DELETE", Paths.ENDPOINTS + "/" + ApiClient.encode(id), null);
  }

  public List<Mesh.Endpoint> list() {
    return Arrays.asList(api.get(Paths.ENDPOINTS, Mesh.Endpoint[].class));
  }
}
