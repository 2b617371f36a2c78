package io.meshd.dataplane.seal;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where replay windows lie: a sparse file, so that a daemon that restarts knows what came before,
 * and memory of this process where there is no file or no room in it. There are no secrets in it.
 * In the machine's byte order.
 *
 * <pre>
 *  0      magic "meshrply", layout version       one page
 *  4096   slots of 1064 bytes:
 *           0  in use: 1      8  network and node      16  key ID and epoch
 *          24  the window ({@link ReplayWindow})
 * </pre>
 *
 * <p>Used by one thread at a time.
 */
public final class ReplayMemory implements AutoCloseable {
  private static final int SLOTS = 8192;
  private static final long MAGIC = 0x6d65736872706c79L;

  /** Changes with any change of what is written above. */
  private static final int VERSION = 1;

  private static final long VERSION_AT = 8;
  private static final long FIRST = 4096;
  private static final long PEER = 8;
  private static final long TAG = 16;
  private static final long WINDOW = 24;
  private static final long SLOT = WINDOW + ReplayWindow.BYTES + 8;
  private static final long SIZE = FIRST + SLOTS * SLOT;
  private static final int KEY_ID_SHIFT = 56;

  private final @Nullable Arena arena;
  private final @Nullable MemorySegment file;
  private final Map<Epoch, Integer> slots = new HashMap<>();
  private final BitSet used = new BitSet();

  private record Epoch(long peer, long tag) {}

  private ReplayMemory(@Nullable Arena arena, @Nullable MemorySegment file) {
    this.arena = arena;
    this.file = file;
  }

  /** Of this process alone. */
  public static ReplayMemory anonymous() {
    return new ReplayMemory(null, null);
  }

  /**
   * A file, taken over with its windows if its layout is this one's. Where less than twice its size
   * is free there is none: it is sparse, yet it may come to use all of it.
   */
  public static ReplayMemory map(Path path) throws IOException {
    Path folder = path.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    try (FileChannel channel = FileChannel.open(path, CREATE, READ, WRITE)) {
      if (channel.size() != SIZE) {
        channel.truncate(0);
        if (Files.getFileStore(path).getUsableSpace() < 2 * SIZE) {
          return anonymous();
        }
      }
      Arena arena = Arena.ofShared();
      ReplayMemory memory =
          new ReplayMemory(arena, channel.map(MapMode.READ_WRITE, 0, SIZE, arena));
      memory.takeOver();
      return memory;
    } catch (IOException e) {
      throw new IOException("cannot map the replay windows " + path + ": " + e.getMessage(), e);
    }
  }

  private void takeOver() {
    MemorySegment m = file;
    if (m == null) {
      return;
    }
    if (m.get(JAVA_LONG, 0) != MAGIC || m.get(JAVA_INT, VERSION_AT) != VERSION) {
      m.fill((byte) 0);
      m.set(JAVA_INT, VERSION_AT, VERSION);
      m.set(JAVA_LONG, 0, MAGIC);
    }
    for (int slot = 0; slot < SLOTS; slot++) {
      long at = at(slot);
      if (m.get(JAVA_LONG, at) == 1) {
        used.set(slot);
        slots.put(new Epoch(m.get(JAVA_LONG, at + PEER), m.get(JAVA_LONG, at + TAG)), slot);
      }
    }
  }

  /**
   * The window of an epoch: as an earlier run left it, or a new one.
   *
   * @param peer as {@link SealTable#peer}
   * @param tag epoch, and the key ID above it
   */
  ReplayWindow window(long peer, long tag) {
    MemorySegment m = file;
    Integer known = slots.get(new Epoch(peer, tag));
    int slot = known == null ? used.nextClearBit(0) : known;
    if (m == null || slot >= SLOTS) {
      return new ReplayWindow(Arena.ofAuto().allocate(ReplayWindow.BYTES, 8), 0);
    }
    long at = at(slot);
    if (known == null) {
      m.asSlice(at, SLOT).fill((byte) 0);
      m.set(JAVA_LONG, at + PEER, peer);
      m.set(JAVA_LONG, at + TAG, tag);
      m.set(JAVA_LONG, at, 1);
      used.set(slot);
      slots.put(new Epoch(peer, tag), slot);
    }
    return new ReplayWindow(m, at + WINDOW);
  }

  /** Forgets the epochs of keys that are in no ring any more. */
  void keepOnly(List<KeySchedule> ring) {
    MemorySegment m = file;
    if (m == null || ring.isEmpty()) {
      return;
    }
    slots
        .entrySet()
        .removeIf(
            entry -> {
              int id = (int) (entry.getKey().tag >>> KEY_ID_SHIFT);
              boolean gone = ring.stream().noneMatch(schedule -> schedule.id() == id);
              if (gone) {
                m.set(JAVA_LONG, at(entry.getValue()), 0);
                used.clear(entry.getValue());
              }
              return gone;
            });
  }

  private static long at(int slot) {
    return FIRST + slot * SLOT;
  }

  @Override
  public void close() {
    if (arena != null) {
      arena.close();
    }
  }
}
