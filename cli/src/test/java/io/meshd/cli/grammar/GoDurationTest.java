package io.meshd.cli.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GoDurationTest {
  @ParameterizedTest
  @CsvSource({
    "5s, 5000000000, 5s",
    "0, 0, 0s",
    "1h15m30.5s, 4530500000000, 1h15m30.5s",
    "90s, 90000000000, 1m30s",
    "300ms, 300000000, 300ms",
    "1.5us, 1500, 1.5µs",
    "7ns, 7, 7ns",
    "-1m, -60000000000, -1m0s",
    ".5s, 500000000, 500ms",
    "2h, 7200000000000, 2h0m0s"
  })
  void readsAndWritesAsGoDoes(String text, long nanos, String printed) {
    assertEquals(nanos, GoDuration.parse(text).nanos());
    assertEquals(printed, new GoDuration(nanos).toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "5|time: missing unit in duration \"5\"",
        "5x|time: unknown unit \"x\" in duration \"5x\"",
        "x|time: invalid duration \"x\"",
        "-|time: invalid duration \"-\"",
        "5s x|time: unknown unit \"s x\" in duration \"5s x\"",
        "9999999h|time: invalid duration \"9999999h\"",
      })
  void refusesInGosWords(String text, String words) {
    assertEquals(
        words,
        assertThrows(IllegalArgumentException.class, () -> GoDuration.parse(text)).getMessage());
  }
}
