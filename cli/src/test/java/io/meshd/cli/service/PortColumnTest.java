package io.meshd.cli.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.api.Services.PortConfig;
import io.meshd.cli.grammar.PublishSpec;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PortColumnTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "8080:80|*:8080->80/tcp",
        "53:53/udp 53:53|*:53->53/tcp, *:53->53/udp",
        "82:82 80-81:80-81|*:80-82->80-82/tcp",
        "80-81:80|*:80-81->80/tcp",
        "80:80 81:81 82:80|*:80-81->80-81/tcp, *:82->80/tcp",
        "80:80 90:90|*:80->80/tcp, *:90->90/tcp",
        "published=80,target=80,ip=10.0.0.2 published=80,target=80,ip=10.0.0.1"
            + "|10.0.0.1:80->80/tcp, 10.0.0.2:80->80/tcp",
        "published=53,target=53,mode=host 80:80|*:80->80/tcp",
      })
  void neighboursAreJoined(String published, String column) {
    List<PortConfig> ports =
        Stream.of(published.split(" ", -1))
            .flatMap(text -> PublishSpec.parse(text).ports().stream())
            .toList();
    assertEquals(column, PortColumn.text(ports));
  }
}
