package io.meshd.dataplane.lb;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The memory of a {@link FlowTable}: a sparse file, so that a successor finds the flows in it, or
 * memory of this process. Everything in it refers to everything else by number, so it may lie
 * anywhere. In the machine's byte order.
 *
 * <pre>
 *  0      magic, layout version, capacity, high-water mark, head of the free list   one page
 *  4096   stripes: 16,384 ints, odd while somebody changes what they guard
 *  ...    heads of the chains by request: capacity ints, record + 1, 0: none
 *  ...    heads of the chains by reply: likewise
 *  ...    records: 64 bytes each
 * </pre>
 *
 * A record:
 *
 * <pre>
 *   0 client   4 virtual IP   8 backend   12 ports
 *  16 VNI << 8 | protocol     20 word: generation << 16 | state   24 last seen, s   28 since, ms
 *  32 next by request         36 next by reply (or free)          40 load           48 tried
 * </pre>
 */
final class FlowMemory implements AutoCloseable {
  static final int STRIPES = 16_384;
  static final int RECORD = 64;
  static final long CLIENT = 0;
  static final long VIP = 4;
  static final long BACKEND = 8;
  static final long PORTS = 12;
  static final long NETWORK = 16;
  static final long WORD = 20;
  static final long SEEN = 24;
  static final long SINCE = 28;
  static final long NEXT_REQUEST = 32;
  static final long NEXT_REPLY = 36;
  static final long LOAD = 40;
  static final long TRIED = 48;

  static final long HIGH_WATER = 16;
  static final long FREE_HEAD = 24;

  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  static final VarHandle INTS = INT.varHandle();
  static final VarHandle LONGS = LONG.varHandle();

  private static final long MAGIC = 0x6d65736864666c77L;

  /** Changes with any change of what is written above. */
  private static final int VERSION = 1;

  private static final long VERSION_AT = 8;
  private static final long CAPACITY_AT = 12;
  private static final long STRIPES_AT = 4096;
  private static final long HEADS_AT = STRIPES_AT + 4L * STRIPES;
  private static final int SMALLEST = 1024;

  final MemorySegment memory;
  final int capacity;
  final long requestHeads = HEADS_AT;
  final long replyHeads;
  final long records;
  private final Arena arena;
  private final boolean adopted;

  private FlowMemory(Arena arena, MemorySegment memory, int capacity, boolean adopted) {
    this.arena = arena;
    this.memory = memory;
    this.capacity = capacity;
    this.adopted = adopted;
    replyHeads = requestHeads + 4L * capacity;
    records = replyHeads + 4L * capacity;
  }

  /** Of this process alone. */
  static FlowMemory anonymous(int wanted) {
    int capacity = powerOfTwo(wanted);
    Arena arena = Arena.ofShared();
    return new FlowMemory(arena, arena.allocate(size(capacity), 4096), capacity, false).begin();
  }

  /**
   * A file, taken over with its flows if its layout is this one's. It is sparse, yet it may come to
   * use all of its size: where less than twice that is free there are fewer flows.
   *
   * @param wanted flows, rounded up to a power of two
   */
  static FlowMemory map(Path file, int wanted) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      Files.createDirectories(directory);
    }
    try (FileChannel channel = FileChannel.open(file, CREATE, READ, WRITE)) {
      int capacity = powerOfTwo(wanted);
      long usable = Files.getFileStore(file).getUsableSpace() + channel.size();
      while (capacity > SMALLEST && 2 * size(capacity) > usable) {
        capacity /= 2;
      }
      FlowMemory old = channel.size() == size(capacity) ? mapped(channel, capacity) : null;
      if (old != null) {
        if (old.matches()) {
          return old;
        }
        old.close();
      }
      channel.truncate(0);
      return mapped(channel, capacity).begin();
    } catch (IOException e) {
      throw new IOException("cannot map the flow table " + file + ": " + e.getMessage(), e);
    }
  }

  private static FlowMemory mapped(FileChannel channel, int capacity) throws IOException {
    boolean old = channel.size() > 0;
    Arena arena = Arena.ofShared();
    MemorySegment memory = channel.map(MapMode.READ_WRITE, 0, size(capacity), arena);
    return new FlowMemory(arena, memory, capacity, old);
  }

  private boolean matches() {
    return memory.get(LONG, 0) == MAGIC
        && memory.get(INT, VERSION_AT) == VERSION
        && memory.get(INT, CAPACITY_AT) == capacity
        && memory.get(INT, HIGH_WATER) >= 0
        && memory.get(INT, HIGH_WATER) <= capacity;
  }

  private FlowMemory begin() {
    memory.set(INT, VERSION_AT, VERSION);
    memory.set(INT, CAPACITY_AT, capacity);
    memory.set(LONG, 0, MAGIC);
    return this;
  }

  /** Whether it may have flows of an earlier process. */
  boolean isAdopted() {
    return adopted;
  }

  /** Empties stripes and chains; the records stay. */
  void clearIndex() {
    memory.asSlice(STRIPES_AT, records - STRIPES_AT).fill((byte) 0);
    memory.set(LONG, FREE_HEAD, 0);
  }

  long record(int index) {
    return records + (long) index * RECORD;
  }

  static long stripe(int chain) {
    return STRIPES_AT + 4L * (chain & STRIPES - 1);
  }

  static long size(int capacity) {
    return HEADS_AT + capacity * (8L + RECORD);
  }

  private static int powerOfTwo(int wanted) {
    return Integer.highestOneBit(Math.max(SMALLEST, wanted) * 2 - 1);
  }

  @Override
  public void close() {
    arena.close();
  }
}
