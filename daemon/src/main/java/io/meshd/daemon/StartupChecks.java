package io.meshd.daemon;

import io.meshd.daemon.linux.PortHolder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What this machine must offer before anything is started. Each check that fails is one sentence
 * that says what to do about it. Nothing here changes the machine.
 *
 * @param processStatus /proc/self/status, or a file like it
 * @param tun /dev/net/tun
 * @param searchPath folders of programs, separated by colons
 */
public record StartupChecks(Path processStatus, Path tun, String searchPath) {
  /** Bit numbers of linux/capability.h. */
  private static final Map<String, Integer> CAPABILITIES =
      Map.of("CAP_NET_ADMIN", 12, "CAP_NET_RAW", 13, "CAP_SYS_ADMIN", 21);

  /** Programs and the Debian package of each. */
  private static final Map<String, String> PROGRAMS =
      Map.of("ip", "iproute2", "nft", "nftables", "nsenter", "util-linux");

  /** The checks for the machine that runs this. */
  public static StartupChecks ofThisMachine() {
    String path = System.getenv("PATH");
    return new StartupChecks(
        Path.of("/proc/self/status"),
        Path.of("/dev/net/tun"),
        path == null ? "/usr/sbin:/usr/bin:/sbin:/bin" : path);
  }

  /** Capabilities, the TUN device and the programs that meshd calls. */
  public void checkMachine() throws StartupException {
    checkCapabilities();
    checkTun();
    checkPrograms();
  }

  private void checkCapabilities() throws StartupException {
    long effective = effectiveCapabilities();
    List<String> missing =
        CAPABILITIES.entrySet().stream()
            .filter(capability -> (effective >>> capability.getValue() & 1) == 0)
            .map(Map.Entry::getKey)
            .sorted()
            .toList();
    if (!missing.isEmpty()) {
      throw new StartupException(
          "meshd lacks " + String.join(", ", missing) + ": run it as root or grant it these");
    }
  }

  private long effectiveCapabilities() throws StartupException {
    try {
      for (String line : Files.readAllLines(processStatus)) {
        if (line.startsWith("CapEff:")) {
          return Long.parseUnsignedLong(line.substring("CapEff:".length()).strip(), 16);
        }
      }
    } catch (IOException e) {
      // Said below: without the line nothing is known.
    }
    throw new StartupException("meshd cannot read its capabilities from " + processStatus);
  }

  private void checkTun() throws StartupException {
    try (FileChannel _ = FileChannel.open(tun, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      // Opening it is all.
    } catch (NoSuchFileException e) {
      throw new StartupException(tun + " is missing: load the kernel module with modprobe tun");
    } catch (IOException e) {
      throw new StartupException(tun + " cannot be opened: " + reason(e));
    }
  }

  private void checkPrograms() throws StartupException {
    List<String> missing = new ArrayList<>();
    for (String program : PROGRAMS.keySet().stream().sorted().toList()) {
      boolean found = false;
      for (String folder : searchPath.split(":", -1)) {
        found |= Files.isExecutable(Path.of(folder, program));
      }
      if (!found) {
        missing.add(program + " (package " + PROGRAMS.get(program) + ")");
      }
    }
    if (!missing.isEmpty()) {
      throw new StartupException("meshd needs programs not found: " + String.join(", ", missing));
    }
  }

  /** That nobody answers on the API's socket; a socket file that a dead daemon left is fine. */
  public static void checkSocket(Path socket) throws StartupException {
    if (!Files.exists(socket)) {
      return;
    }
    try (SocketChannel _ = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      throw new StartupException("socket " + socket + " is in use: another meshd is running");
    } catch (IOException e) {
      // Refused: its owner is dead.
    }
  }

  /** That a TCP address can be bound; the holder of a taken port is named where it can be found. */
  public static void checkPort(InetSocketAddress address) throws StartupException {
    try (ServerSocketChannel channel = ServerSocketChannel.open()) {
      channel.bind(address);
    } catch (IOException e) {
      String holder =
          PortHolder.find("tcp", address.getPort())
              .map(process -> "is already in use by " + process)
              .orElse("cannot be bound: " + e.getMessage());
      throw new StartupException("port " + address.getPort() + "/tcp " + holder);
    }
  }

  private static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException _ -> "permission denied";
      case FileSystemException f when f.getReason() != null -> f.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }
}
