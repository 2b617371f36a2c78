package io.meshd.cli.swarm;

import io.meshd.api.Nodes;
import io.meshd.api.Paths;
import io.meshd.api.Swarm;
import io.meshd.cli.http.ApiClient;
import java.io.PrintStream;

/** The lines with {@code meshctl swarm join --token ...} to copy to another node. */
final class JoinInstructions {
  private final ApiClient api;
  private final PrintStream out;

  JoinInstructions(ApiClient api, PrintStream out) {
    this.api = api;
    this.out = out;
  }

  void print(String nodeId, boolean worker, boolean manager) {
    Nodes.Node node = api.get(Paths.NODES + "/" + ApiClient.encode(nodeId), Nodes.Node.class);
    Nodes.ManagerStatus status = node.managerStatus();
    if (status == null) {
      return;
    }
    Swarm.JoinTokens tokens = api.get(Paths.SWARM, Swarm.SwarmInspect.class).joinTokens();
    if (worker) {
      line("worker", tokens.worker(), status.addr());
    }
    if (manager) {
      line("manager", tokens.manager(), status.addr());
    }
  }

  private void line(String role, String token, String address) {
    out.printf(
        "To add a %s to this swarm, run the following command:%n%n"
            + "    meshctl swarm join --token %s %s%n%n",
        role, token, address);
  }
}
