package io.meshd.daemon.rest;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What {@code info} and {@code version} say of the host.
 *
 * @param engineVersion meshd's own
 * @param operatingSystem PRETTY_NAME of os-release(5)
 * @param architecture as uname(1): x86_64
 * @param memoryBytes MemTotal of proc_meminfo(5)
 */
public record HostFacts(
    String engineVersion,
    String hostname,
    String operatingSystem,
    String architecture,
    String kernelVersion,
    int cpus,
    long memoryBytes) {

  /** Reads them; what cannot be read is empty or 0. */
  public static HostFacts read(String engineVersion) {
    return new HostFacts(
        engineVersion,
        hostnameOfKernel(),
        value(Path.of("/etc/os-release"), "PRETTY_NAME=").replace("\"", ""),
        uname(System.getProperty("os.arch")),
        System.getProperty("os.version"),
        Runtime.getRuntime().availableProcessors(),
        kibibytes(value(Path.of("/proc/meminfo"), "MemTotal:")) * 1024);
  }

  /** Docker's version answer uses Go's names: amd64. */
  String goArchitecture() {
    return switch (architecture) {
      case "x86_64" -> "amd64";
      case "aarch64" -> "arm64";
      default -> architecture;
    };
  }

  private static String uname(String javaName) {
    return javaName.equals("amd64") ? "x86_64" : javaName;
  }

  private static String hostnameOfKernel() {
    try {
      // Of this UTS namespace, and not what a resolver makes of it.
      return Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    } catch (IOException _) {
      return InetAddress.getLoopbackAddress().getHostName();
    }
  }

  private static String value(Path file, String prefix) {
    try (var lines = Files.lines(file, StandardCharsets.UTF_8)) {
      return lines
          .filter(line -> line.startsWith(prefix))
          .map(line -> line.substring(prefix.length()).strip())
          .findFirst()
          .orElse("");
    } catch (IOException _) {
      return "";
    }
  }

  private static long kibibytes(String text) {
    String digits = text.replaceAll("[^0-9]", "");
    return digits.isEmpty() ? 0 : Long.parseLong(digits);
  }
}
