package io.meshd.cli.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshd.api.Services.PortConfig;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PublishSpecTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "80|0:80/tcp/ingress",
        "8080:80|8080:80/tcp/ingress",
        "53:53/udp|53:53/udp/ingress",
        "53:53/UDP|53:53/udp/ingress",
        "8000-8002:80-82|8000:80/tcp/ingress 8001:81/tcp/ingress 8002:82/tcp/ingress",
        "8000-8001:80|8000:80/tcp/ingress 8001:80/tcp/ingress",
        "80-81|0:80/tcp/ingress 0:81/tcp/ingress",
        "0:80|0:80/tcp/ingress",
        "65535:65535|65535:65535/tcp/ingress",
        "target=80|0:80/tcp/ingress",
        "published=8080,target=80|8080:80/tcp/ingress",
        "PUBLISHED=53,target=53,protocol=udp,mode=host|53:53/udp/host",
      })
  void readsBothForms(String text, String ports) {
    assertEquals(
        ports,
        PublishSpec.parse(text).ports().stream()
            .map(PublishSpecTest::show)
            .collect(Collectors.joining(" ")));
  }

  private static String show(PortConfig port) {
    Integer published = port.publishedPort();
    return "%d:%d/%s/%s"
        .formatted(
            published == null ? 0 : published,
            port.targetPort(),
            port.protocol(),
            port.publishMode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "80:x|invalid containerPort: x",
        "80:0|invalid containerPort: 0",
        "80:65536|invalid containerPort: 65536",
        "65536:80|invalid hostPort: 65536",
        "-1:80|invalid hostPort: -1",
        "82-80:80|invalid hostPort: 82-80",
        "1-3:1-2|invalid ranges specified for container and host Ports: 1-2 and 1-3",
        "80:80/foo|invalid proto: foo",
        "127.0.0.1:80:80|hostip is not supported",
        "80:|no port specified: 80:<empty>",
        "published=x,target=3|invalid published port (x): value must be an integer: invalid syntax",
        "published=70000,target=3|invalid published port (70000): value must be an integer: value"
            + " out of range",
        "published=3|missing mandatory field 'target'",
        "target=80,protocol=foo|invalid protocol value 'foo'",
        "target=80,mode=foo|invalid publish mode value (foo): must be either 'ingress' or 'host'",
        "target=80,foo=bar|invalid field key: foo",
      })
  void refusesInDockersWords(String text, String words) {
    assertEquals(
        words,
        assertThrows(IllegalArgumentException.class, () -> PublishSpec.parse(text)).getMessage());
  }
}
