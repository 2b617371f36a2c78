package io.meshd.daemon.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.meshd.api.Services;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a service's image is pulled with, from the request to the node. */
class RegistryAuthTest {
  private static final RegistryAuth FIRST = new RegistryAuth("Zmlyc3Q=");
  private static final RegistryAuth SECOND = new RegistryAuth("c2Vjb25k");

  private final TestCluster cluster = TestCluster.of(2);

  private static Services.ServiceSpec spec(String image) {
    Services.ServiceSpec process = TestCluster.spec("web", 1);
    return process.withTaskTemplate(
        process.taskTemplate().with(process.taskTemplate().containerSpec().withImage(image), null));
  }

  private void create() {
    cluster.done(new Command.CreateService(TestCluster.AT, "s", spec("web:1"), FIRST));
  }

  private void update(
      Services.ServiceSpec spec, @Nullable String rollback, @Nullable RegistryAuth auth) {
    cluster.done(
        new Command.UpdateService(
            TestCluster.AT, "s", cluster.service("web").version(), spec, rollback, auth));
  }

  private void assertAuths(@Nullable RegistryAuth now, @Nullable RegistryAuth before) {
    assertEquals(now, cluster.service("web").registryAuth());
    assertEquals(before, cluster.service("web").previousRegistryAuth());
  }

  @Test
  void anUpdateKeepsItUnlessItBringsAnother() {
    create();
    assertAuths(FIRST, null);
    update(spec("web:2"), null, null);
    assertAuths(FIRST, FIRST);
    update(spec("web:2"), null, SECOND);
    assertAuths(SECOND, FIRST);
    update(spec("web:2"), null, RegistryAuth.NONE);
    assertAuths(null, SECOND);
  }

  @Test
  void aRollbackTakesItAlong() {
    create();
    update(spec("web:2"), null, SECOND);
    update(spec("web:1"), "manually requested rollback", null);
    assertAuths(FIRST, SECOND);
  }

  @Test
  void aProcessHasNone() {
    create();
    update(TestCluster.spec("web", 1), null, null);
    assertAuths(null, FIRST);
  }

  @Test
  void itReplacesNoTaskAndIsToldToThoseThatMayHaveToPull() {
    create();
    cluster.tasks("s", "n1", "t1", "t2");
    cluster.report(TaskState.FAILED, "t2");
    assertEquals(FIRST, cluster.task("t1").registryAuth());
    assertNull(cluster.task("t2").registryAuth());
    long specVersion = cluster.service("web").specVersion();
    update(spec("web:1"), null, SECOND);
    assertEquals(specVersion, cluster.service("web").specVersion());
    assertEquals(SECOND, cluster.task("t1").registryAuth());
    assertNull(cluster.task("t2").registryAuth());
  }

  @Test
  void aNodeIsToldThatOfItsTasks() {
    ClusterState before = cluster.state().redacted();
    create();
    cluster.tasks("s", "n1", "t1");
    cluster.tasks("s", "n2", "t2");
    update(spec("web:2"), null, SECOND);
    ClusterState all = cluster.state().redacted();
    ClusterState told = RegistryAuths.forNode(all, "n1");
    assertEquals(
        told, RegistryAuths.forNode(StateDelta.between(before, all), "n1").applyTo(before));
    TaskRecord own = told.tasks().get("t1");
    assertEquals(cluster.task("t1"), own);
    assertEquals(cluster.task("t2").with((RegistryAuth) null), told.tasks().get("t2"));
    ServiceRecord service = told.services().get("s");
    assertNotEquals(cluster.service("web"), service);
    assertEquals(cluster.service("web").withoutRegistryAuths(), service);
    ClusterState clear = RegistryAuths.with(all, Map.of());
    String text = new String(StateCodec.encode(clear), StandardCharsets.UTF_8);
    for (RegistryAuth auth : List.of(FIRST, SECOND)) {
      assertFalse(text.contains(auth.header()), text);
    }
    assertEquals(told, RegistryAuths.with(clear, RegistryAuths.ofTasks(all, "n1")));
  }

  @Test
  void itIsInTheSnapshotAndPrintedNowhere() {
    create();
    cluster.tasks("s", "n1", "t1");
    assertEquals(cluster.state(), StateCodec.decode(StateCodec.encode(cluster.state())));
    assertFalse(cluster.state().toString().contains(FIRST.header()));
    assertFalse(
        new Command.CreateService(TestCluster.AT, "s", spec("web:1"), FIRST)
            .toString()
            .contains(FIRST.header()));
  }
}
