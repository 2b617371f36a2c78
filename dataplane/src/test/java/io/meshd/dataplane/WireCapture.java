package io.meshd.dataplane;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What tcpdump sees on an interface, and what tshark says of the VXLAN in it. */
final class WireCapture {
  private final Path file;
  private final Process tcpdump;

  /**
   * @param filter as tcpdump has it
   */
  WireCapture(Path folder, String namespace, String device, String filter) throws IOException {
    file = Files.createTempFile(folder, "wire", ".pcap");
    Path log = Files.createTempFile(folder, "tcpdump", ".log");
    tcpdump =
        TestNamespaces.start(
            namespace,
            log,
            "tcpdump",
            "-Z",
            "root",
            "-B",
            "16384",
            "-U",
            "-i",
            device,
            "-w",
            file.toString(),
            filter);
    await().until(() -> Files.readString(log).contains("listening on"));
  }

  /** Ends it. */
  void end() throws InterruptedException {
    tcpdump.destroy(); // SIGTERM: tcpdump writes what it has
    assertTrue(tcpdump.waitFor() >= 0);
  }

  /**
   * Of each VXLAN frame one line with these fields, tabs between them; of a field that is there
   * twice, once outside VXLAN and once inside, both values with a comma.
   */
  List<String> frames(String... fields) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "tshark",
                "-r",
                file.toString(),
                "-o",
                "ip.check_checksum:TRUE",
                "-o",
                "tcp.check_checksum:TRUE",
                "-o",
                "udp.check_checksum:TRUE",
                "-Y",
                "vxlan.flag_i == 1", // others are probes of the path
                "-T",
                "fields"));
    for (String field : fields) {
      command.addAll(List.of("-e", field));
    }
    return TestNamespaces.run(command.toArray(String[]::new))
        .lines()
        .filter(line -> line.contains("\t"))
        .toList();
  }
}
