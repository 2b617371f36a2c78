package io.meshd.cli;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

/** The arrows between meshctl's packages run one way. */
final class PackageArrowsTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.meshd.cli");

  @Test
  void commandsStandOnHttpAndFormatAndTheseOnGrammar() {
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("io.meshd.cli..")
        .layer("main")
        .definedBy("io.meshd.cli")
        .layer("nouns")
        .definedBy(
            "..cli.service..",
            "..cli.network..",
            "..cli.node..",
            "..cli.swarm..",
            "..cli.container..",
            "..cli.doctor..",
            "..cli.endpoint..",
            "..cli.gossip..",
            "..cli.plugin..",
            "..cli.system..",
            "..cli.trace..")
        .layer("task")
        .definedBy("..cli.task..")
        .layer("registry")
        .definedBy("..cli.registry..")
        .layer("command")
        .definedBy("..cli.command..")
        .layer("http")
        .definedBy("..cli.http..")
        .layer("format")
        .definedBy("..cli.format..")
        .layer("grammar")
        .definedBy("..cli.grammar..")
        .whereLayer("main")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("nouns")
        .mayOnlyBeAccessedByLayers("main")
        .whereLayer("task")
        .mayOnlyBeAccessedByLayers("nouns")
        .whereLayer("registry")
        .mayOnlyBeAccessedByLayers("nouns")
        .whereLayer("command")
        .mayOnlyBeAccessedByLayers("main", "nouns")
        .whereLayer("http")
        .mayOnlyBeAccessedByLayers("main", "nouns", "task", "command")
        .whereLayer("format")
        .mayOnlyBeAccessedByLayers("nouns", "task", "command")
        .check(CLASSES);
  }

  @Test
  void onlyHttpOpensSockets() {
    ArchRuleDefinition.noClasses()
        .that()
        .resideOutsideOfPackage("..cli.http..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.nio.channels..", "java.net.http..")
        .check(CLASSES);
  }
}
