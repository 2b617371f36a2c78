package io.meshd.daemon.raft;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One of three managers comes back with a disk that has lost or changed something. */
@Timeout(120)
final class DamagedMemberTest {
  @TempDir Path root;

  @FunctionalInterface
  private interface Harm {
    void to(Path folder) throws IOException;
  }

  private void comesBackAsAnother(Harm harm) throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      managers.proposeAll("n2", "entry-", 60);
      managers.log("n3").catchUp().get(10, TimeUnit.SECONDS);
      String before = managers.log("n3").member();
      managers.stop("n3");
      harm.to(managers.folder("n3"));
      managers.propose("n1", "meanwhile");
      managers.again("n3");
      assertNotEquals(before, managers.log("n3").member());
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () -> {
                assertEquals(managers.names(), managers.log("n1").members());
                assertEquals(managers.names(), managers.log("n3").members());
              });
      await().atMost(Duration.ofSeconds(30)).until(() -> !Rejoin.isBegun(managers.folder("n3")));
      managers.log("n3").catchUp().get(10, TimeUnit.SECONDS);
      assertEquals(managers.machine("n1").entries(), managers.machine("n3").entries());
      assertEquals(1, Damage.all(root, "n3.damaged-*").size());
      // It votes: one of the others can go.
      managers.stop("n1");
      assertEquals("62", managers.propose("n3", "after"));
    }
  }

  @Test
  void aFlippedBitInTheLog() throws Exception {
    comesBackAsAnother(folder -> Damage.flip(Damage.only(folder, "*.log"), 30));
  }

  @Test
  void aTornTailOfWhatWasAcknowledged() throws Exception {
    comesBackAsAnother(folder -> Damage.tear(Damage.only(folder, "*.log"), 59));
  }

  @Test
  void aSegmentThatIsGone() throws Exception {
    comesBackAsAnother(folder -> Files.delete(Damage.only(folder, "*.log")));
  }

  @Test
  void promisesThatCannotBeRead() throws Exception {
    comesBackAsAnother(folder -> Files.write(folder.resolve("promises"), new byte[224]));
  }

  @Test
  void whatWasAcknowledgedAndNotYetCommittedCountsToo() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      managers.proposeAll("n1", "entry-", 20);
      managers.stop("n3");
      Promises promises = Promises.open(managers.folder("n3"));
      long index = promises.index();
      promises.acknowledge(index + 5, promises.term());
      promises.close();
      managers.again("n3");
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> managers.log("n1").members().contains(managers.log("n3").member()));
      assertEquals(1, Damage.all(root, "n3.damaged-*").size());
    }
  }

  @Test
  void entriesThatALaterLeaderTookBackAreNoDamage() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      managers.proposeAll("n1", "entry-", 5);
      String cut = "n1";
      managers.network.isolate(cut);
      // Nobody takes this one over: its leader is cut off.
      var lost = managers.log(cut).propose(new byte[] {'x'});
      await().until(() -> !cut.equals(managers.leader()) && managers.leader() != null);
      managers.propose("n2", "b");
      managers.network.heal();
      assertTrue(lost.isDone() || managers.log("n2").members().size() == 3);
      await()
          .atMost(Duration.ofSeconds(15))
          .until(() -> managers.machine(cut).entries().contains("b"));
      String name = managers.log(cut).member();
      managers.stop(cut);
      managers.again(cut);
      assertEquals(name, managers.log(cut).member());
      assertFalse(Files.exists(root.resolve("rejoin")));
    }
  }
}
