package io.meshd.daemon.raft;

import com.esotericsoftware.kryo.KryoException;
import io.atomix.protocols.raft.storage.RaftStorage;
import io.atomix.protocols.raft.storage.system.Configuration;
import io.atomix.protocols.raft.storage.system.MetaStore;
import io.atomix.storage.StorageException;
import io.meshd.daemon.disk.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A member whose log is damaged comes back as another one: the folder is set aside as {@code
 * raft.damaged-<time>}, and this file, {@code rejoin}, in the new one says whom to join and which
 * names are to be taken out, until that is done. So the member that made promises is gone for good.
 *
 * @param former names that this node had and that are no more to count
 * @param others members to join
 */
record Rejoin(List<String> former, List<String> others) {
  private static final String FILE = "rejoin";
  private static final int KEPT = 2;
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

  /** Null when there is none to be done. */
  static @Nullable Rejoin read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return null;
    }
    List<String> former = new ArrayList<>();
    List<String> others = new ArrayList<>();
    for (String line : Files.readAllLines(file, StandardCharsets.US_ASCII)) {
      if (line.startsWith("former ")) {
        former.add(line.substring(7));
      } else if (line.startsWith("other ")) {
        others.add(line.substring(6));
      }
    }
    return new Rejoin(former, others);
  }

  static boolean isBegun(Path folder) {
    return Files.exists(folder.resolve(FILE));
  }

  /** What follows from a damaged folder; null where its member was alone, or nobody is known. */
  static @Nullable Rejoin of(Path folder, RaftStorage storage) throws IOException {
    String former = MemberFile.read(folder);
    List<String> others = new ArrayList<>();
    try {
      MetaStore meta = storage.openMetaStore();
      try {
        Configuration known = meta.loadConfiguration();
        if (known != null) {
          known.members().forEach(member -> others.add(member.memberId().id()));
        }
      } finally {
        meta.close();
      }
    } catch (StorageException | KryoException _) {
      return null;
    }
    others.remove(former);
    return former == null || others.isEmpty() ? null : new Rejoin(List.of(former), others);
  }

  /** Sets the folder aside, at most {@value #KEPT} of its kind, and makes a new one with this. */
  void begin(Path folder) throws IOException {
    Path name = folder.toAbsolutePath().normalize();
    Path aside = name.resolveSibling(name.getFileName() + ".damaged-" + TIME.format(Instant.now()));
    for (int i = 2; Files.exists(aside); i++) {
      aside =
          name.resolveSibling(
              name.getFileName() + ".damaged-" + TIME.format(Instant.now()) + "-" + i);
    }
    Files.move(name, aside);
    DurableFiles.createFolder(name);
    write(name);
    forgetOld(name);
  }

  /** The same after a crash half-way: what was begun under a name is given up. */
  Rejoin again(Path folder) throws IOException {
    String begun = MemberFile.read(folder);
    List<String> all = new ArrayList<>(former);
    if (begun != null && !all.contains(begun)) {
      all.add(begun);
    }
    Rejoin next = new Rejoin(all, others);
    next.write(folder);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        if (!file.endsWith(FILE)) {
          Files.delete(file);
        }
      }
    }
    return next;
  }

  private void write(Path folder) throws IOException {
    StringBuilder text = new StringBuilder();
    former.forEach(name -> text.append("former ").append(name).append('\n'));
    others.forEach(name -> text.append("other ").append(name).append('\n'));
    DurableFiles.write(folder.resolve(FILE), text.toString().getBytes(StandardCharsets.US_ASCII));
  }

  static void done(Path folder) throws IOException {
    DurableFiles.delete(folder.resolve(FILE));
  }

  private static void forgetOld(Path folder) throws IOException {
    List<Path> kept;
    try (Stream<Path> all = Files.list(folder.resolveSibling(""))) {
      kept =
          all.filter(
                  path ->
                      path.getFileName().toString().startsWith(folder.getFileName() + ".damaged-"))
              .sorted(Comparator.reverseOrder())
              .toList();
    }
    for (Path old : kept.subList(Math.min(KEPT, kept.size()), kept.size())) {
      try (Stream<Path> files = Files.walk(old)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
