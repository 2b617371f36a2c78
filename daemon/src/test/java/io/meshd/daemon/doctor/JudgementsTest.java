package io.meshd.daemon.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Checkups.Finding;
import io.meshd.api.Checkups.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What checks make of what they see, where a test cannot make the machine so. */
class JudgementsTest {
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant END = BEGIN.plus(Duration.ofDays(90));

  private final Notes notes = new Notes("n1", "check");

  private Finding only() {
    assertEquals(1, notes.findings().size(), notes.findings().toString());
    Finding finding = notes.findings().getFirst();
    assertEquals("n1", finding.node());
    if (finding.result().faulty()) {
      assertNotNull(finding.mend());
    }
    return finding;
  }

  @ParameterizedTest
  @CsvSource({
    "6.1.0-13-amd64, OK",
    "6.18.44, OK",
    "7.0, WARNING",
    "7.0.12-1, WARNING",
    "7.1.4, WARNING",
    "7.1.5, OK",
    "7.2.0-rc1, OK",
    "17.0.1, OK",
    "strange, OK",
  })
  void kernelsThatDamageBatchesOfDatagrams(String release, Result result) {
    KernelCheck.judge(release, notes);
    assertEquals(result, only().result());
  }

  @ParameterizedTest
  @CsvSource({
    "-1, ERROR, begins at",
    "0, OK, valid for another 90 days",
    "45, OK, 45 days",
    "70, WARNING, ends in 20 days",
    "89, WARNING, ends in 24 hours",
    "91, ERROR, ended at",
  })
  void aCertificateThatWasNotRenewed(int day, Result result, String words) {
    CertificateCheck.judge(BEGIN, END, BEGIN.plus(Duration.ofDays(day)), notes);
    assertEquals(result, only().result());
    assertTrue(only().text().contains(words), only().text());
  }

  @ParameterizedTest
  @CsvSource({"1024, 100, WARNING", "20000, 100, OK", "20000, 19000, ERROR"})
  void descriptors(long limit, long open, Result result) {
    LimitCheck.judge(limit, open, notes);
    assertEquals(result, only().result());
  }

  @Test
  void theLimitOfThisProcessIsRead() throws IOException {
    assertTrue(LimitCheck.limit(Files.readString(Path.of("/proc/self/limits"))) > 100);
    assertEquals(
        Long.MAX_VALUE,
        LimitCheck.limit("Max open files            unlimited            unlimited   files"));
  }

  @Test
  void aDropThatGoesOnIsAWarningAndOneThatWasIsANote() {
    DropCheck.judge(
        Map.of("dropped.unknown_vtep", 7L, "dropped.spoofed_ip", 1L),
        Map.of("dropped.unknown_vtep", 9L, "dropped.bad_tag", 0L, "dropped.spoofed_ip", 5L),
        notes);
    assertEquals(Result.WARNING, only().result());
    assertTrue(only().text().startsWith("dropped.unknown_vtep grows, by 2"), only().text());
    Notes later = new Notes("n1", "check");
    DropCheck.judge(Map.of("dropped.unknown_vtep", 9L), Map.of("dropped.unknown_vtep", 9L), later);
    assertEquals(Result.NOTE, later.findings().getFirst().result());
    Notes none = new Notes("n1", "check");
    DropCheck.judge(Map.of(), Map.of(), none);
    assertEquals(Result.OK, none.findings().getFirst().result());
  }
}
