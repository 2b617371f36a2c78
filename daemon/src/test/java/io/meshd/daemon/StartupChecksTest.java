package io.meshd.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** The sentence for each thing that keeps meshd from starting. */
class StartupChecksTest {
  private static final long PID = ProcessHandle.current().pid();
  @TempDir Path folder;
  private Path tun;
  private Path status;

  @BeforeEach
  void aMachineThatHasAll() throws Exception {
    tun = Files.createFile(folder.resolve("tun"));
    status =
        Files.writeString(folder.resolve("status"), "Name:\tmeshd\nCapEff:\t0000000000203000\n");
    for (String program : new String[] {"ip", "nft", "nsenter"}) {
      assertTrue(Files.createFile(folder.resolve(program)).toFile().setExecutable(true));
    }
  }

  @Test
  void aMachineThatHasAllIsFine() throws Exception {
    checks().checkMachine();
    StartupChecks.ofThisMachine().checkMachine();
  }

  @Test
  void missingCapabilitiesAreNamed() throws Exception {
    Files.writeString(status, "CapEff:\t0000000000001000\n");
    assertSays(
        "meshd lacks CAP_NET_RAW, CAP_SYS_ADMIN: run it as root or grant it these",
        () -> checks().checkMachine());
  }

  @Test
  void aMissingTunDeviceIsTold() throws Exception {
    Files.delete(tun);
    assertSays(
        tun + " is missing: load the kernel module with modprobe tun",
        () -> checks().checkMachine());
    Files.createDirectory(tun);
    assertSays(tun + " cannot be opened: Is a directory", () -> checks().checkMachine());
  }

  @Test
  void missingProgramsAreNamedWithTheirPackage() throws Exception {
    Files.delete(folder.resolve("nft"));
    Files.delete(folder.resolve("ip"));
    assertSays(
        "meshd needs programs not found: ip (package iproute2), nft (package nftables)",
        () -> checks().checkMachine());
  }

  @Test
  void aLiveSocketIsRefusedAndADeadOneIsNot() throws Exception {
    Path socket = folder.resolve("s");
    StartupChecks.checkSocket(socket);
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      assertSays(
          "socket " + socket + " is in use: another meshd is running",
          () -> StartupChecks.checkSocket(socket));
    }
    StartupChecks.checkSocket(socket);
  }

  @Test
  void aTakenPortIsNamedWithItsHolder() throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
    try (ServerSocketChannel server = ServerSocketChannel.open().bind(any)) {
      InetSocketAddress taken = (InetSocketAddress) server.getLocalAddress();
      assertSays(
          "port " + taken.getPort() + "/tcp is already in use by java (PID " + PID + ")",
          () -> StartupChecks.checkPort(taken));
    }
  }

  @Test
  void aDataDirectoryIsMadeAndHeldByOne() throws Exception {
    Path data = folder.resolve("a/data");
    try (DataDirLock _ = DataDirLock.take(data)) {
      assertSays(
          "data directory " + data + " is in use by another meshd (PID " + PID + ")",
          () -> DataDirLock.take(data));
    }
    DataDirLock.take(data).close();
    assertSays(
        "data directory " + tun + " cannot be written: it is not a directory",
        () -> DataDirLock.take(tun));
  }

  private StartupChecks checks() {
    return new StartupChecks(status, tun, folder.toString());
  }

  private static void assertSays(String sentence, Executable check) {
    assertEquals(sentence, assertThrows(StartupException.class, check).getMessage());
  }
}
