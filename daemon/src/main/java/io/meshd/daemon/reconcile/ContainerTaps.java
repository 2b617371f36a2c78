package io.meshd.daemon.reconcile;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.daemon.linux.IpChanges;
import io.meshd.daemon.linux.NetworkNamespaces;
import io.meshd.daemon.linux.ToolRun;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.TapAttachment;
import io.meshd.dataplane.vxlan.VxlanOverhead;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * TAPs of containers. One is made in the host's namespace; Docker moves it into the container's and
 * gives it name and addresses, while the data plane keeps its descriptor. A later daemon finds it
 * there by its MAC, whatever Docker called it. What Docker has given up is in the host's namespace
 * again, or nowhere.
 *
 * <p>Any thread; each call is about one device, and each can be repeated.
 */
public final class ContainerTaps {
  private static final String PREFIX = "mt";
  private static final int NAME_LENGTH = 15;

  /** Docker's IDs are hexadecimal. */
  private static final Pattern NAME = Pattern.compile(PREFIX + "[0-9a-f]{13}");

  private static final Path OWN_NETNS = Path.of("/proc/self/ns/net");

  private final Dataplane dataplane;
  private final @Nullable Path hostNetns;

  /** The switch's port that a container's frames come from. */
  public record Port(String name) {
    /** Of a container that somebody runs. */
    public static Port ofEndpoint(String endpointId) {
      return new Port(PortNames.endpoint(endpointId));
    }

    /** Of a container that is a task. */
    public static Port ofTask(String taskId, String networkId) {
      return new Port(PortNames.task(taskId, networkId));
    }
  }

  /** {@code hostNetns}: where Docker looks for devices, null for the daemon's own namespace. */
  public ContainerTaps(Dataplane dataplane, @Nullable Path hostNetns) {
    this.dataplane = dataplane;
    this.hostNetns = hostNetns;
  }

  /** The name of a device until Docker gives it another one; {@code id} is Docker's. */
  public static String device(String id) {
    return PREFIX + id.substring(0, Math.min(NAME_LENGTH - PREFIX.length(), id.length()));
  }

  /**
   * Makes the device in the host's namespace, down, and attaches it.
   *
   * @throws IOException in words, also when this node cannot carry the network
   */
  public void make(Port port, String device, NetworkRecord network) throws IOException {
    OverlayNetwork.check(network);
    Path host = hostNetns == null ? OWN_NETNS : hostNetns;
    dataplane.attachTap(new TapAttachment(port.name(), host, device));
    int mtu = OverlayNetwork.mtu(network, dataplane.underlayMtu());
    new IpChanges()
        .line(
            "link set dev "
                + device
                + " mtu "
                + mtu
                + " gso_max_segs "
                + VxlanOverhead.segmentsPerBatch(mtu))
        .apply(hostNetns);
  }

  /**
   * Attaches a device that an earlier daemon made and Docker has moved.
   *
   * @param sandbox the container's namespace, as long as it was there
   * @return whether a device with this MAC is in it
   */
  public boolean takeAgain(Port port, Path sandbox, String mac) throws IOException {
    if (!isNamespace(sandbox)) {
      return false;
    }
    for (JsonNode link : links(sandbox)) {
      if (mac.equals(link.path("address").asText())) {
        dataplane.attachTap(new TapAttachment(port.name(), sandbox, link.path("ifname").asText()));
        return true;
      }
    }
    return false;
  }

  /** Docker leaves the file behind that a namespace was bound to. */
  private static boolean isNamespace(Path file) throws IOException {
    return Files.exists(file)
        && Files.getAttribute(file, "unix:dev").equals(Files.getAttribute(OWN_NETNS, "unix:dev"));
  }

  /** Takes the device away, wherever it is. */
  public void remove(Port port, String device) throws IOException {
    dataplane.detachTap(port.name());
    new IpChanges().remove("link delete dev " + device).apply(hostNetns);
  }

  /** Deletes what is in the host's namespace and nobody knows. */
  public void removeOthers(Set<String> devices) throws IOException {
    IpChanges changes = new IpChanges();
    for (JsonNode link : links(hostNetns)) {
      String name = link.path("ifname").asText();
      boolean tap = link.path("linkinfo").path("info_kind").asText().equals("tun");
      if (tap && NAME.matcher(name).matches() && !devices.contains(name)) {
        changes.remove("link delete dev " + name);
      }
    }
    changes.apply(hostNetns);
  }

  private static JsonNode links(@Nullable Path netns) throws IOException {
    List<String> command = new ArrayList<>(NetworkNamespaces.enter(netns));
    command.addAll(List.of(ToolRun.find("ip"), "-details", "-json", "link", "show"));
    ToolRun run = ToolRun.run(command, "");
    if (run.exit() != 0) {
      throw new IOException("ip link show: " + run.err().strip());
    }
    return Json.MAPPER.readTree(run.out());
  }
}
