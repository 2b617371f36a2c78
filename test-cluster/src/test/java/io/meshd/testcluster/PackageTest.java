package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.meshd.api.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The Debian package on a Debian that has never seen meshd nor a JVM, with systemd as its first
 * process: installed, used, restarted, removed and purged; with {@code -Dmeshd.long=true} hung and
 * installed again, too.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PackageTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String ASSEMBLE = "../daemon/package/assemble";
  private static final String PAGE = "http://192.0.2.10:8080/";
  private static final String SERVER =
      "cd $(mktemp -d) && echo here > index.html && exec busybox httpd -f -p 80";

  private static final boolean LONG = Boolean.getBoolean("meshd.long");

  private final Cluster cluster = Cluster.up(PackageTest.class, "--nodes", "1", "--bare");
  private Path deb = Path.of("");

  @BeforeAll
  void assembleIt() throws IOException {
    cluster.script("lib/machine", "up", "m").orFail();
    deb = Path.of(cluster.script(ASSEMBLE).orFail().lines().findFirst().orElseThrow());
    Path root = cluster.state().resolve("machine-m/root/root");
    Files.copy(deb, root.resolve("meshd.deb"), StandardCopyOption.REPLACE_EXISTING);
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  private CommandResult tried(String script) {
    return cluster.script("lib/machine", "exec", "m", "sh", "-c", script);
  }

  private String on(String script) {
    return tried(script).orFail().strip();
  }

  @Test
  @Order(1)
  void theSameTreeGivesTheSameArchives() throws IOException {
    Path tree = deb.resolveSibling("tree");
    Path again = cluster.state().resolve("again");
    cluster.script(ASSEMBLE, "--archive", tree.toString(), again.toString()).orFail();
    for (String name : List.of(deb.getFileName().toString(), tar())) {
      assertEquals(-1, Files.mismatch(deb.resolveSibling(name), again.resolve(name)), name);
    }
  }

  private String tar() {
    return deb.getFileName()
        .toString()
        .replaceFirst("meshd_(.*)_(.*)\\.deb", "meshd-$1-linux-$2.tar.gz");
  }

  @Test
  @Order(2)
  void isInstalledStartedAndEnabled() {
    on("dpkg -i /root/meshd.deb");
    assertEquals("meshd version " + Version.TEXT, on("meshd --version"));
    assertEquals("meshctl version " + Version.TEXT, on("meshctl --version"));
    assertTrue(on("meshctl version").contains(Version.TEXT));
    assertEquals("active\nenabled", on("systemctl is-active meshd; systemctl is-enabled meshd"));
    assertEquals("root meshd 660", on("stat -c '%U %G %a' /run/meshd/meshd.sock"));
    assertEquals("700", on("stat -c %a /var/lib/meshd"));
    assertEquals(
        "StatusText=answers on /run/meshd/meshd.sock", on("systemctl show meshd -p StatusText"));
    on("test -s /var/cache/meshd/meshd.aot && test -s /var/cache/meshd/meshctl.aot");
    on("test -s /usr/share/man/man1/meshctl-service-create.1.gz");
  }

  /** The score is in docs/SECURITY.md; its lines there say why it is not lower. */
  @Test
  @Order(3)
  void theUnitIsWellFormedAndAsClosedAsItCanBe() {
    assertEquals("", on("systemd-analyze verify --man=no meshd.service 2>&1"));
    on("systemd-analyze security --offline=true --threshold=65 meshd.service");
  }

  @Test
  @Order(4)
  void aClusterOfOneServesWithTheRightsOfTheUnit() {
    on("meshctl swarm init --advertise-addr 192.0.2.10");
    on("meshctl network create --driver overlay net");
    on(
        "meshctl service create -d --runtime process --name web --network net --publish 8080:80"
            + " sh -c '"
            + SERVER
            + "'");
    on(
        "meshctl service create -d --runtime process --name other --user daemon --network net"
            + " sleep 1000");
    answers();
    await().atMost(PATIENCE).until(() -> !task("other").isEmpty());
    assertEquals("daemon", on("meshctl exec " + task("other") + " id -un"));
    assertTrue(on("meshctl exec " + task("other") + " ping -c 1 -W 2 web").contains(" 0% "));
  }

  private String task(String service) {
    return on("meshctl ps --filter name=" + service + " --format '{{.ID}}'");
  }

  private void answers() {
    await()
        .atMost(PATIENCE)
        .until(() -> tried("curl -fs -m 2 " + PAGE).out().strip().equals("here"));
  }

  @Test
  @Order(5)
  void tasksAndTheirNamespacesOutliveARestart() {
    String before = on("pgrep -xf 'busybox httpd -f -p 80'");
    String meshd = mainPid();
    on("systemctl restart meshd");
    answers();
    assertEquals(before, on("pgrep -xf 'busybox httpd -f -p 80'"));
    assertNotEquals(meshd, mainPid());
  }

  private String mainPid() {
    return on("systemctl show meshd --value -p MainPID");
  }

  @Test
  @Order(6)
  void aMeshdThatHangsIsStartedAgain() {
    assumeTrue(LONG, "ServiceManagerTest has the watchdog without systemd");
    on(
        "mkdir -p /run/systemd/system/meshd.service.d && printf '[Service]\\nWatchdogSec=4\\n'"
            + " > /run/systemd/system/meshd.service.d/quick.conf && systemctl daemon-reload"
            + " && systemctl restart meshd");
    String hung = mainPid();
    on("kill -STOP " + hung);
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                tried("systemctl is-active meshd").out().strip().equals("active")
                    && !mainPid().equals(hung));
    assertEquals("1", on("systemctl show meshd --value -p NRestarts"));
    answers();
  }

  @Test
  @Order(7)
  void removedItLeavesItsConfigurationItsDataAndItsTasks() {
    on("echo '# mine' >> /etc/meshd/meshd.yaml");
    String before = on("pgrep -xf 'busybox httpd -f -p 80'");
    on("dpkg -r meshd");
    assertFalse(tried("pgrep -x meshd").ok());
    assertFalse(tried("ls /usr/lib/meshd /usr/sbin/meshd /var/cache/meshd").ok());
    on("grep -q '# mine' /etc/meshd/meshd.yaml && test -d /var/lib/meshd");
    assertEquals(before, on("pgrep -xf 'busybox httpd -f -p 80'"));
    if (LONG) {
      on("dpkg -i /root/meshd.deb");
      answers();
      assertEquals(before, on("pgrep -xf 'busybox httpd -f -p 80'"));
      on("grep -q '# mine' /etc/meshd/meshd.yaml");
    }
  }

  @Test
  @Order(8)
  void purgedItLeavesNothing() {
    on("dpkg -P meshd");
    assertEquals(
        "",
        on(
            "find / -xdev -iname '*meshd*' ! -path '/root/*' ! -path '/proc/*' ! -path '/var/log/*'"));
    assertFalse(tried("getent group meshd").ok());
    assertFalse(tried("pgrep -xf 'busybox httpd -f -p 80'").ok());
    assertEquals("", on("ip -br link | grep mesh || true"));
    assertEquals("", on("nft list tables | grep mesh || true"));
    assertEquals("", on("grep meshd /proc/self/mountinfo || true"));
  }
}
