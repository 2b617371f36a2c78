package io.meshd.daemon.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ChangeSetTest {
  private ScratchNamespaces scratch;

  @BeforeEach
  void setUp() throws Exception {
    scratch = new ScratchNamespaces();
  }

  @AfterEach
  void tearDown() throws Exception {
    scratch.close();
  }

  @Test
  void everyLineIsTriedAndEveryFailureNamesItsLine() throws Exception {
    var netns = scratch.make("a");
    IpChanges changes =
        new IpChanges()
            .line("link set dev none1 up")
            .line("link add name br1 type bridge")
            .line("link set dev none2 up");
    LinuxException e = assertThrows(LinuxException.class, () -> changes.apply(netns));
    assertEquals(
        List.of(
            "ip link set dev none1 up (in " + netns + "): Cannot find device \"none1\"",
            "ip link set dev none2 up (in " + netns + "): Cannot find device \"none2\""),
        e.problems());
    assertEquals(0, ScratchNamespaces.in(netns, "/usr/sbin/ip", "link", "show", "br1").exit());
  }

  @Test
  void aMalformedLineIsReportedInIpsWords() throws Exception {
    var netns = scratch.make("a");
    LinuxException e =
        assertThrows(
            LinuxException.class,
            () -> new IpChanges().line("address add 1.2.3.4/99 dev lo").apply(netns));
    assertTrue(e.problems().getFirst().contains("1.2.3.4/99"), e.toString());
  }

  @Test
  void aSetCanBeRepeated() throws Exception {
    var netns = scratch.make("a");
    for (int i = 0; i < 2; i++) {
      new IpChanges()
          .make("link add name br1 type bridge")
          .line("address replace 10.1.0.1/16 dev br1")
          .line("link set dev br1 up")
          .apply(netns);
    }
    for (int i = 0; i < 2; i++) {
      new IpChanges()
          .remove("address delete 10.1.0.1/16 dev br1")
          .remove("link delete dev br1")
          .apply(netns);
    }
  }

  @Test
  void anNftScriptIsAppliedWholeOrNotAtAll() throws Exception {
    var netns = scratch.make("a");
    NftScript.replaceTable("inet", "mt", "chain one { }\n").apply(netns);
    LinuxException e =
        assertThrows(
            LinuxException.class,
            () ->
                NftScript.replaceTable(
                        "inet", "mt", "chain two { }\nchain three { jump nowhere }\n")
                    .apply(netns));
    assertTrue(e.problems().getFirst().startsWith("nft: "), e.toString());
    String left = ScratchNamespaces.in(netns, "/usr/sbin/nft", "list", "ruleset").out();
    assertTrue(left.contains("chain one") && !left.contains("chain two"), left);
    NftScript.removeTable("inet", "mt").apply(netns);
    NftScript.removeTable("inet", "mt").apply(netns);
    assertEquals("", ScratchNamespaces.in(netns, "/usr/sbin/nft", "list", "ruleset").out());
  }

  @Test
  void aNamespaceThatAKillLeftHalfMadeIsMade() throws Exception {
    var namespaces = scratch.namespaces();
    Files.createDirectories(namespaces.path("a").getParent());
    Files.createFile(namespaces.path("a"));
    assertTrue(namespaces.ensure("a"));
    assertFalse(namespaces.ensure("a"));
    assertEquals(List.of("a"), namespaces.list());
    namespaces.remove("a");
    namespaces.remove("a");
    assertEquals(List.of(), namespaces.list());
  }
}
