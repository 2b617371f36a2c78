package io.meshd.testcluster;

import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.MountType;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.testcontainers.containers.Container;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * A node as a container: a Debian with meshd as its first process, and a Docker Engine beside it.
 */
final class MeshdContainer extends GenericContainer<MeshdContainer> {
  // An Engine gives the first two to read only, unless it gives all there is (--privileged). What
  // is
  // first in a container stands in the way of what an Engine in it makes below it (cgroups(7), "no
  // internal processes"), and what a killed Engine leaves looks like one that runs.
  private static final String FIRST =
      """
      mount -o remount,rw /proc/sys && mount -o remount,rw /sys/fs/cgroup || exit 1
      mkdir -p /sys/fs/cgroup/first
      for process in $(cat /sys/fs/cgroup/cgroup.procs); do
        echo $process >/sys/fs/cgroup/first/cgroup.procs
      done 2>/dev/null
      rm -rf /run/docker /run/docker.pid /run/containerd
      dockerd --dns 169.254.53.53 >/var/log/dockerd.log 2>&1 &
      exec meshd
      """;

  private final String name;

  MeshdContainer(String image, String name, Network underlay) {
    super(DockerImageName.parse(image));
    this.name = name;
    withNetwork(underlay);
    withCommand("sh", "-c", FIRST);
    withEnv("MESHD_OPTS", "-XX:TieredStopAtLevel=1");
    waitingFor(Wait.forLogMessage(".* ready in .*", 1).withStartupTimeout(Duration.ofSeconds(60)));
    withCreateContainerCmdModifier(
        create -> {
          HostConfig host = create.getHostConfig();
          if (host == null) {
            throw new IllegalStateException("a container without a HostConfig");
          }
          // The layers of its images cannot lie on the layers of its own.
          Mount layers = new Mount().withType(MountType.VOLUME).withTarget("/var/lib/docker");
          create
              .withHostName(name)
              .withHostConfig(
                  host.withCapAdd(Capability.NET_ADMIN, Capability.SYS_ADMIN)
                      .withDevices(new Device("rwm", "/dev/net/tun", "/dev/net/tun"))
                      .withSecurityOpts(List.of("seccomp=unconfined", "apparmor=unconfined"))
                      .withMounts(List.of(layers)));
        });
  }

  String name() {
    return name;
  }

  /** On the containers' network. */
  String address() {
    return getContainerInfo().getNetworkSettings().getNetworks().values().stream()
        .map(network -> String.valueOf(network.getIpAddress()))
        .findFirst()
        .orElseThrow();
  }

  /** The output of a command that must work. */
  String run(String... command) {
    Container.ExecResult result = tried(command);
    if (result.getExitCode() != 0) {
      throw new AssertionError(
          name
              + ": "
              + String.join(" ", command)
              + " ended with "
              + result.getExitCode()
              + "\n"
              + result.getStdout()
              + result.getStderr());
    }
    return result.getStdout().strip();
  }

  Container.ExecResult tried(String... command) {
    try {
      return execInContainer(command);
    } catch (IOException e) {
      throw new IllegalStateException(name + " has no answer to " + List.of(command), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  String meshctl(String... words) {
    String[] command = new String[words.length + 1];
    command[0] = "meshctl";
    System.arraycopy(words, 0, command, 1, words.length);
    return run(command);
  }
}
