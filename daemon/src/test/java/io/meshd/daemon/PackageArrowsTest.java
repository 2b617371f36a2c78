package io.meshd.daemon;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.meshd.ipam.AddressPairs;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.Cidr6;
import io.meshd.ipam.Ipv6;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The arrows between the daemon's packages, as docs/ARCHITECTURE.md draws them. */
class PackageArrowsTest {
  private static final String ROOT = "io.meshd.daemon";

  /** Package to the packages that it may know; the root package wires all and is known by none. */
  private static final Map<String, Set<String>> ARROWS =
      Map.ofEntries(
          Map.entry(
              "rest", Set.of("http", "audit", "command", "control", "engine", "tasks", "state")),
          Map.entry("engine", Set.of("http")),
          Map.entry("containers", Set.of("http", "engine", "plugin", "tasks", "linux", "disk")),
          Map.entry("control", Set.of("http", "audit", "security", "command", "state", "disk")),
          Map.entry("audit", Set.of("http", "command", "state")),
          Map.entry("backup", Set.of("security", "state")),
          Map.entry("orchestrate", Set.of("command", "state")),
          Map.entry("command", Set.of("raft", "state")),
          Map.entry("reconcile", Set.of("state", "peers", "tasks", "ingress", "linux", "disk")),
          Map.entry("plugin", Set.of("http", "engine", "reconcile", "state", "linux", "disk")),
          Map.entry("metrics", Set.of("http", "ingress", "reconcile", "raft", "command", "state")),
          Map.entry("doctor", Set.of("ingress", "linux", "reconcile", "state")),
          Map.entry("trace", Set.of("dns", "ingress", "reconcile")),
          Map.entry("peers", Set.of("state")),
          Map.entry("state", Set.of("raft")),
          Map.entry("tasks", Set.of("linux", "disk")),
          Map.entry("ingress", Set.of("linux", "epoll")),
          Map.entry("dns", Set.of("state", "linux")),
          Map.entry("managers", Set.of("raft", "security")),
          Map.entry("raft", Set.of("disk")),
          Map.entry("linux", Set.of("disk")),
          Map.entry("security", Set.of("disk")),
          Map.entry("http", Set.of("epoll")),
          Map.entry("systemd", Set.of()),
          Map.entry("disk", Set.of()),
          Map.entry("epoll", Set.of()));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.meshd");

  @Test
  void packagesKnowOnlyWhatTheArrowsAllow() {
    ARROWS.forEach(
        (name, known) -> {
          String[] forbidden =
              ARROWS.keySet().stream()
                  .filter(other -> !other.equals(name) && !known.contains(other))
                  .map(other -> ROOT + "." + other + "..")
                  .toArray(String[]::new);
          noClasses()
              .that()
              .resideInAPackage(ROOT + "." + name + "..")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(forbidden)
              .orShould()
              .dependOnClassesThat()
              .resideInAPackage(ROOT)
              .allowEmptyShould(true)
              .check(CLASSES);
        });
  }

  @Test
  void everyPackageHasItsArrows() {
    Set<String> found =
        CLASSES.stream()
            .map(JavaClass::getPackageName)
            .filter(name -> name.startsWith(ROOT + "."))
            .map(name -> name.substring(ROOT.length() + 1).split("\\.", 2)[0])
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(new TreeSet<>(ARROWS.keySet()), found);
  }

  @Test
  void theStateSeesOfTheLogOnlyWhatItImplements() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".state..")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName(ROOT + ".raft.ReplicatedLog")
        .check(CLASSES);
  }

  @Test
  void atomixIsSeenByTheLogAlone() {
    onlyIn("io.atomix..", ROOT + ".raft..");
  }

  /** A block of addresses is a value, and hands none out; so are two that go together. */
  @Test
  void addressesAreHandedOutByTheStateAndOnBridgesByTheNode() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            ROOT + ".state..", ROOT + ".tasks..", ROOT + ".linux..", "io.meshd.ipam..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.meshd.ipam..")
                .and(not(belongToAnyOf(Cidr.class, Cidr6.class, AddressPairs.class, Ipv6.class))))
        .check(CLASSES);
  }

  @Test
  void framesAreTheReconcilersAndAreTriedByTheTraceAndTheirPathsByTheDoctor() {
    onlyIn(
        "io.meshd.dataplane",
        ROOT,
        ROOT + ".reconcile..",
        ROOT + ".trace..",
        ROOT + ".doctor..",
        "io.meshd.dataplane..");
  }

  @Test
  void theDataPlaneKnowsNothingOfTheDaemon() {
    noClasses()
        .that()
        .resideInAnyPackage("io.meshd.dataplane..", "io.meshd.gossip..", "io.meshd.ipam..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT + "..", "io.meshd.api..", "io.meshd.cli..")
        .check(CLASSES);
  }

  private static void onlyIn(String seen, String... by) {
    noClasses()
        .that()
        .resideOutsideOfPackages(by)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(seen)
        .allowEmptyShould(true)
        .check(CLASSES);
  }
}
