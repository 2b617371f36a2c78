package io.meshd.testcluster.bench;

import io.meshd.daemon.dns.Asker;
import io.meshd.daemon.dns.NameServer;
import io.meshd.daemon.dns.NetworkNames;
import io.meshd.daemon.dns.Zone;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The name server without the rest of meshd, with the names of a hosts file, in the namespace it
 * was started in.
 *
 * <pre>DnsBench ADDRESS HOSTS-FILE ASKER</pre>
 *
 * <p>Prints {@code ready} and runs until its standard input ends; then prints its counters, one
 * {@code NAME VALUE} a line.
 */
public final class DnsBench {
  private DnsBench() {}

  /** See the class. */
  public static void main(String[] arguments) throws IOException {
    Map<String, List<Integer>> names = new LinkedHashMap<>();
    for (String line : Files.readAllLines(Path.of(arguments[1]))) {
      String[] words = line.split(" ", -1);
      names.computeIfAbsent(words[1], name -> new ArrayList<>()).add(bits(words[0]));
    }
    Zone.Builder zone = new Zone.Builder("bench", "10.0.0.0/16");
    names.forEach(zone::name);
    Asker asker = new Asker(List.of(zone.build()), List.of());
    try (NameServer server =
        NameServer.open(53, Thread.ofPlatform().daemon().factory(), List::of)) {
      server.apply(List.of(new NetworkNames(arguments[0], Map.of(bits(arguments[2]), asker))));
      System.out.println("ready");
      while (System.in.read() >= 0) {
        // Whatever it says, only its end matters.
      }
      server.counters().forEach((name, value) -> System.out.println(name + " " + value));
    }
  }

  private static int bits(String address) {
    return InetAddress.ofLiteral(address).hashCode();
  }
}
