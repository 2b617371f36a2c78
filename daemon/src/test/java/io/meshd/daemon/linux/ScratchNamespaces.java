package io.meshd.daemon.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A folder of network namespaces for one test, gone afterwards whatever happened. */
public final class ScratchNamespaces implements AutoCloseable {
  private final Path folder;
  private final NetworkNamespaces namespaces;

  public ScratchNamespaces() throws IOException {
    folder = Files.createTempDirectory("mt" + Long.toHexString(ProcessHandle.current().pid()));
    namespaces = new NetworkNamespaces(folder.resolve("netns"));
  }

  public Path folder() {
    return folder;
  }

  public NetworkNamespaces namespaces() {
    return namespaces;
  }

  public Path make(String name) throws IOException {
    namespaces.ensure(name);
    new IpChanges().line("link set dev lo up").apply(namespaces.path(name));
    return namespaces.path(name);
  }

  /** Runs a command in a namespace. */
  public static ToolRun in(Path netns, String... command) throws IOException {
    List<String> all = new ArrayList<>(NetworkNamespaces.enter(netns));
    all.addAll(List.of(command));
    return ToolRun.run(all, "");
  }

  @Override
  public void close() throws IOException {
    Problems problems = new Problems();
    for (String name : namespaces.list()) {
      problems.attempt(() -> namespaces.remove(name));
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        problems.attempt(() -> Files.deleteIfExists(file));
      }
    }
    problems.throwIfAny();
  }
}
