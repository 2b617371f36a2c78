package io.meshd.daemon.raft;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Keeps every entry, as text, and answers how many there are. */
final class ListMachine implements ReplicatedLog.Machine {
  private final List<String> entries = new ArrayList<>();

  @Override
  public synchronized byte[] apply(byte[] entry) {
    entries.add(new String(entry, StandardCharsets.UTF_8));
    return Integer.toString(entries.size()).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public synchronized byte[] snapshot() {
    return String.join("\n", entries).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public synchronized void restore(byte[] snapshot) {
    entries.clear();
    if (snapshot.length > 0) {
      entries.addAll(List.of(new String(snapshot, StandardCharsets.UTF_8).split("\n", -1)));
    }
  }

  synchronized List<String> entries() {
    return List.copyOf(entries);
  }
}
