package io.meshd.testcluster.bench;

import io.meshd.daemon.ingress.Ingress;
import io.meshd.daemon.ingress.IngressPort;
import io.meshd.daemon.ingress.IngressPort.Backend;
import io.meshd.daemon.linux.SocketKeeper;
import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The ingress without the rest of meshd, with backends that are reachable from a namespace of the
 * caller's choice, for instance the underlay.
 *
 * <pre>IngressBench NODE-NETNS LOOPS PORT=ADDRESS:PORT[,ADDRESS:PORT...] ...</pre>
 *
 * <p>Listens in the namespace it was started in, prints {@code ready} and runs until its standard
 * input ends; then prints its counters, one {@code NAME VALUE} a line. Exit code 1 when a port is
 * taken.
 */
public final class IngressBench {
  private IngressBench() {}

  /** See the class. */
  public static void main(String[] arguments) throws IOException {
    List<IngressPort> ports = new ArrayList<>();
    for (String argument : List.of(arguments).subList(2, arguments.length)) {
      ports.add(port(argument));
    }
    try (Ingress ingress =
        Ingress.open(
            Netns.threadFactory(Path.of(arguments[0])),
            Integer.parseInt(arguments[1]),
            SocketKeeper.none())) {
      ingress.apply(ports);
      if (!ingress.bindErrors().isEmpty()) {
        ingress.bindErrors().forEach(error -> System.err.println(error.message()));
        System.exit(1);
      }
      System.out.println("ready");
      while (System.in.read() >= 0) {
        // Whatever it says, only its end matters.
      }
      ingress.counters().forEach((name, value) -> System.out.println(name + " " + value));
    }
  }

  private static IngressPort port(String argument) {
    int equals = argument.indexOf('=');
    int published = Integer.parseInt(argument.substring(0, equals));
    List<Backend> backends = new ArrayList<>();
    for (String backend : argument.substring(equals + 1).split(",", -1)) {
      int colon = backend.lastIndexOf(':');
      backends.add(
          new Backend(
              backend,
              backend.substring(0, colon),
              Integer.parseInt(backend.substring(colon + 1))));
    }
    return new IngressPort(published, "bench", backends);
  }
}
