package io.meshd.cli.format;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HumanTextTest {
  @ParameterizedTest
  @CsvSource({
    "0, Less than a second",
    "1, 1 second",
    "59, 59 seconds",
    "60, About a minute",
    "119, About a minute",
    "120, 2 minutes",
    "3599, 59 minutes",
    "3600, About an hour",
    "5400, 2 hours",
    "172800, 2 days",
    "1209600, 2 weeks",
    "5184000, 2 months",
    "63072000, 2 years"
  })
  void durationsInWords(long seconds, String words) {
    assertEquals(words, HumanText.duration(Duration.ofSeconds(seconds)));
  }

  @ParameterizedTest
  @CsvSource({"8589934592, 8GiB", "25276514304, 23.54GiB", "512, 512B", "0, 0B", "1536, 1.5KiB"})
  void sizesInBinaryUnits(long bytes, String words) {
    assertEquals(words, HumanText.bytes(bytes));
  }

  @Test
  void numbersInNamesCount() {
    assertEquals(
        List.of("a", "web.2", "web.10", "web.10.1", "web2"),
        Stream.of("web2", "web.10.1", "web.10", "a", "web.2").sorted(HumanText::natural).toList());
  }

  @Test
  void columnsAreAtLeastTenWide() {
    assertEquals(
        List.of(
            "ID        NAME              PORTS",
            "x         a-long-name-for   *:1",
            "yé        b                 "),
        TabWriter.align(List.of("ID\tNAME\tPORTS", "x\ta-long-name-for\t*:1", "yé\tb\t"))
            .lines()
            .toList());
  }
}
