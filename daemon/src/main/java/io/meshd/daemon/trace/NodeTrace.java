package io.meshd.daemon.trace;

import io.meshd.api.Traces;
import io.meshd.daemon.dns.NameTrial;
import io.meshd.daemon.dns.NodeNames;
import io.meshd.daemon.ingress.Ingress;
import io.meshd.daemon.ingress.IngressPort;
import io.meshd.daemon.ingress.PortTrial;
import io.meshd.daemon.reconcile.PortNames;
import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.PathMtu;
import io.meshd.dataplane.Probe;
import io.meshd.dataplane.ProbeStep;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Answers {@link Traces.Question}s. Nothing comes of it, and nothing is counted. */
public final class NodeTrace {
  private final Dataplane dataplane;
  private final NodeNames names;
  private final Ingress ingress;

  public NodeTrace(Dataplane dataplane, NodeNames names, Ingress ingress) {
    this.dataplane = dataplane;
    this.names = names;
    this.ingress = ingress;
  }

  /**
   * @throws IllegalArgumentException when an address or a datagram cannot be read
   */
  public Traces.Found answer(Traces.Question question) throws IOException {
    return switch (question) {
      case Traces.Name name -> {
        NameTrial trial = names.tryName(name.gateway(), name.asker(), name.name());
        yield new Traces.Found(new Traces.Names(trial.outcome(), trial.addresses()), null, null);
      }
      case Traces.Send send -> frame(dataplane.tryFromPort(port(send), probe(send)));
      case Traces.Receive receive ->
          frame(
              dataplane.tryFromUnderlay(
                  Ipv4Address.parse(receive.vtep()),
                  Base64.getDecoder().decode(receive.datagram())));
      case Traces.Connect connect -> new Traces.Found(null, null, connect(connect));
    };
  }

  private static String port(Traces.Send send) {
    return PortNames.of(
        new PortNames.Owner(send.owner().kind(), send.owner().id()), send.networkId());
  }

  private static Probe probe(Traces.Send send) {
    return new Probe(
        send.protocol(),
        Ipv4Address.parse(send.source()),
        send.sourcePort(),
        Ipv4Address.parse(send.destination()),
        send.destinationPort(),
        Ipv4Address.parse(send.own()),
        Ipv4Address.parse(send.nextHop()),
        send.answer());
  }

  private Traces.Found frame(ProbeStep step) {
    ProbeStep.Balanced balanced = step.balanced();
    Traces.Frame frame =
        new Traces.Frame(
            step.network(),
            step.vni(),
            step.encrypted(),
            step.neighbor() == null ? null : step.neighbor().toString(),
            balanced == null ? null : balanced.service(),
            balanced != null && balanced.byClient(),
            balanced == null ? null : backends(balanced),
            step.source().toString(),
            step.destination().toString(),
            step.ports().stream()
                .map(PortNames::owner)
                .map(owner -> new Traces.Owner(owner.kind(), owner.id()))
                .toList(),
            step.vteps().stream().map(Ipv4Address::toString).toList(),
            step.vteps().isEmpty() ? 0 : pathMtu(step.vteps().getFirst()),
            Base64.getEncoder().encodeToString(step.datagram()),
            step.answer(),
            step.dropped() == null ? null : "dropped." + step.dropped(),
            step.meaning());
    return new Traces.Found(null, frame, null);
  }

  private int pathMtu(Ipv4Address vtep) {
    return dataplane.paths().stream()
        .filter(path -> path.vtep().equals(vtep))
        .mapToInt(PathMtu::mtu)
        .findFirst()
        .orElse(0);
  }

  private static List<Traces.Backend> backends(ProbeStep.Balanced balanced) {
    return balanced.backends().stream()
        .map(
            one ->
                new Traces.Backend(
                    one.id(),
                    null,
                    one.address().toString(),
                    one.weight(),
                    one.weightNow(),
                    one.openFlows(),
                    one.draining(),
                    one.local(),
                    one.ejected(),
                    one.id().equals(balanced.chosen())))
        .toList();
  }

  private Traces.@Nullable Port connect(Traces.Connect connect) {
    PortTrial trial =
        ingress.tryConnection(
            IngressPort.Protocol.valueOf(connect.protocol().toUpperCase(Locale.ROOT)),
            connect.port(),
            InetAddress.ofLiteral(connect.client()),
            InetAddress.ofLiteral(connect.asked()));
    if (trial == null) {
      return null;
    }
    String fallback = trial.fallback();
    return new Traces.Port(
        trial.service(),
        trial.problem(),
        switch (trial.clientAddress()) {
          case SNAT -> "snat";
          case PROXY_V2 -> "proxy-v2";
          case PRESERVE -> "preserve";
        },
        fallback == null ? null : "ingress.preserve." + trial.port() + ".fallback." + fallback,
        trial.preservedFrom(),
        trial.byClient(),
        trial.backends().stream()
            .map(
                one ->
                    new Traces.Backend(
                        one.taskId(),
                        null,
                        one.address(),
                        one.weight(),
                        100,
                        one.open(),
                        false,
                        one.local(),
                        one.avoided(),
                        one.taskId().equals(trial.chosen())))
            .toList(),
        trial.backends().isEmpty() ? 0 : trial.backends().getFirst().port());
  }
}
