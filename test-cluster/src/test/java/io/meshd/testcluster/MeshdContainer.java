package io.meshd.testcluster;

import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.HostConfig;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.testcontainers.containers.Container;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** A node as a container: a Debian with meshd as its first process. */
final class MeshdContainer extends GenericContainer<MeshdContainer> {
  private final String name;

  MeshdContainer(String image, String name, Network underlay) {
    super(DockerImageName.parse(image));
    this.name = name;
    withNetwork(underlay);
    // An Engine gives these to read only, unless it gives all there is (--privileged).
    withCommand(
        "sh",
        "-c",
        "mount -o remount,rw /proc/sys && mount -o remount,rw /sys/fs/cgroup && exec meshd");
    withEnv("MESHD_OPTS", "-XX:TieredStopAtLevel=1");
    waitingFor(Wait.forLogMessage(".* ready in .*", 1).withStartupTimeout(Duration.ofSeconds(60)));
    withCreateContainerCmdModifier(
        create -> {
          HostConfig host = create.getHostConfig();
          if (host == null) {
            throw new IllegalStateException("a container without a HostConfig");
          }
          create
              .withHostName(name)
              .withHostConfig(
                  host.withCapAdd(Capability.NET_ADMIN, Capability.SYS_ADMIN)
                      .withDevices(new Device("rwm", "/dev/net/tun", "/dev/net/tun"))
                      .withSecurityOpts(List.of("seccomp=unconfined", "apparmor=unconfined")));
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
