package io.meshd.dataplane;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.foreign.Linker;
import org.junit.jupiter.api.Test;

/** The arrows between the packages of the data plane. */
class ArchitectureTest {
  private static final String ROOT = "io.meshd.dataplane";
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void arrowsRunOneWay() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("sys")
        .definedBy(ROOT + ".sys")
        .layer("wire")
        .definedBy(ROOT + ".wire")
        .layer("offload")
        .definedBy(ROOT + ".offload")
        .layer("vxlan")
        .definedBy(ROOT + ".vxlan")
        .layer("lb")
        .definedBy(ROOT + ".lb")
        .layer("switching")
        .definedBy(ROOT + ".switching")
        .layer("seal")
        .definedBy(ROOT + ".seal")
        .layer("tap")
        .definedBy(ROOT + ".tap")
        .layer("underlay")
        .definedBy(ROOT + ".underlay")
        .layer("loop")
        .definedBy(ROOT + ".loop")
        .whereLayer("sys")
        .mayNotAccessAnyLayer()
        .whereLayer("wire")
        .mayNotAccessAnyLayer()
        .whereLayer("offload")
        .mayOnlyAccessLayers("wire")
        .whereLayer("vxlan")
        .mayOnlyAccessLayers("wire")
        .whereLayer("lb")
        .mayOnlyAccessLayers("wire")
        .whereLayer("switching")
        .mayOnlyAccessLayers("wire", "vxlan", "lb")
        .whereLayer("seal")
        .mayOnlyAccessLayers("sys", "wire", "switching")
        .whereLayer("tap")
        .mayOnlyAccessLayers("sys")
        .whereLayer("underlay")
        .mayOnlyAccessLayers("sys", "wire", "vxlan", "switching")
        .whereLayer("loop")
        .mayNotBeAccessedByAnyLayer()
        .check(CLASSES);
  }

  @Test
  void nativeCallsAreInSysAndNettyInTheLoops() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".sys")
        .should()
        .dependOnClassesThat()
        .areAssignableTo(Linker.class)
        .check(CLASSES);
    classes()
        .that()
        .resideOutsideOfPackage(ROOT + ".loop")
        .should()
        .onlyDependOnClassesThat()
        .resideOutsideOfPackage("io.netty..")
        .check(CLASSES);
  }
}
