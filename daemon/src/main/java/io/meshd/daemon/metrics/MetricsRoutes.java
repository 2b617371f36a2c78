package io.meshd.daemon.metrics;

import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.function.Supplier;

/**
 * {@code GET /metrics}: the node's metrics and its JVM's, in Prometheus' text format or, where the
 * asker takes that, in OpenMetrics'.
 */
public final class MetricsRoutes {
  private static final String PATH = "/metrics";

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final ExpositionFormats formats = ExpositionFormats.init();

  /** {@code node}: asked at every scrape, on the thread that answers it. */
  public MetricsRoutes(Supplier<Readings> node) {
    JvmMetrics.builder().register(registry);
    registry.register(new NodeCollector(node));
  }

  /** On the API's own door, for who may use that. */
  public void addToSocket(Routes routes) {
    routes.add(Doors.LOCAL, "GET", PATH, this::metrics);
  }

  /** On a door without encryption, for whoever comes there. */
  public void addToPlain(Routes routes) {
    routes.add(Doors.ANYONE, "GET", PATH, this::metrics);
  }

  private void metrics(Exchange exchange) throws IOException {
    ExpositionFormatWriter writer = formats.findWriter(exchange.header("Accept"));
    ByteArrayOutputStream page = new ByteArrayOutputStream();
    writer.write(page, registry.scrape());
    exchange.respondRaw(200, writer.getContentType(), page.toByteArray());
  }
}
