package io.meshd.gossip;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The arrows between the packages of the library. */
class GossipPackagesTest {
  @Test
  void arrowsRunOneWay() {
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("io.meshd.gossip..")
        .layer("door")
        .definedBy("io.meshd.gossip")
        .layer("records")
        .definedBy("io.meshd.gossip.records")
        .layer("transport")
        .definedBy("io.meshd.gossip.transport")
        .layer("sim")
        .definedBy("io.meshd.gossip.sim")
        .layer("protocol")
        .definedBy("io.meshd.gossip.protocol")
        .layer("membership")
        .definedBy("io.meshd.gossip.membership")
        .layer("spi")
        .definedBy("io.meshd.gossip.spi")
        .layer("wire")
        .definedBy("io.meshd.gossip.wire")
        .whereLayer("door")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("transport")
        .mayOnlyBeAccessedByLayers("door")
        .whereLayer("sim")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("records")
        .mayOnlyBeAccessedByLayers("door")
        .whereLayer("protocol")
        .mayOnlyBeAccessedByLayers("door", "records")
        .whereLayer("membership")
        .mayOnlyBeAccessedByLayers("door", "records", "protocol")
        .whereLayer("spi")
        .mayOnlyBeAccessedByLayers("door", "records", "protocol", "membership", "transport", "sim")
        .check(
            new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.meshd.gossip"));
  }
}
