package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * On which processor the last frame came into any of some TAPs and sockets. The kernel tells it
 * nowhere; a program of seven instructions, run for each frame as its filter (bpf(2); {@code
 * TUNSETFILTEREBPF} in linux/if_tun.h, {@code SO_ATTACH_BPF} in socket(7)), writes it into memory
 * that is shared with us, and lets the frame pass. Needs Linux 5.5 and CAP_BPF or CAP_SYS_ADMIN.
 *
 * <p>A persistent TAP keeps its program when its daemon ends; then nobody reads what it writes.
 */
@SuppressWarnings("restricted") // the kernel's memory is mapped
public final class ProducerCpu implements AutoCloseable {
  public static final int UNKNOWN = -1;

  private static final int BPF_MAP_CREATE = 0;
  private static final int BPF_PROG_LOAD = 5;
  private static final int BPF_MAP_TYPE_ARRAY = 2;
  private static final int BPF_F_MMAPABLE = 1 << 10;
  private static final int BPF_PROG_TYPE_SOCKET_FILTER = 1;
  private static final int BPF_FUNC_GET_SMP_PROCESSOR_ID = 8;
  private static final int BPF_PSEUDO_MAP_VALUE = 2;
  private static final long TUNSETFILTEREBPF = 0x800454e1L;
  private static final int SOL_SOCKET = 1;
  private static final int SO_ATTACH_BPF = 50;
  private static final int VALUE_BYTES = 8;
  private static final int PAGE = 4096;

  private final int map;
  private final int program;
  private final MemorySegment shared;

  private ProducerCpu(int map, int program, MemorySegment shared) {
    this.map = map;
    this.program = program;
    this.shared = shared;
    shared.set(JAVA_INT, 0, UNKNOWN);
  }

  /**
   * @throws IOException in words: no such call, not permitted
   */
  public static ProducerCpu open() throws IOException {
    int map = Errno.check(makeMap(), "cannot make a BPF map");
    int program = -1;
    try {
      program = Errno.check(load(map), "cannot load a BPF program");
      long address = Libc.mmap(PAGE, Libc.PROT_READ | Libc.PROT_WRITE, Libc.MAP_SHARED, map);
      if (address < 0) {
        throw Errno.failure(address, "cannot map a BPF map");
      }
      return new ProducerCpu(
          map, program, MemorySegment.ofAddress(address).reinterpret(VALUE_BYTES));
    } catch (IOException e) {
      if (program >= 0) {
        Libc.close(program);
      }
      Libc.close(map);
      throw e;
    }
  }

  /** One value. Attributes: type, size of keys and of values, entries, flags. */
  private static int makeMap() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = arena.allocate(20, 8);
      attributes.set(JAVA_INT, 0, BPF_MAP_TYPE_ARRAY);
      attributes.set(JAVA_INT, 4, Integer.BYTES);
      attributes.set(JAVA_INT, 8, VALUE_BYTES);
      attributes.set(JAVA_INT, 12, 1);
      attributes.set(JAVA_INT, 16, BPF_F_MMAPABLE);
      return Libc.bpf(BPF_MAP_CREATE, attributes);
    }
  }

  /**
   * The program:
   *
   * <pre>
   * r6 = r1                    the frame
   * call get_smp_processor_id
   * r1 = address of the value
   * *(u32 *) r1 = r0
   * r0 = *(u32 *) r6           its length: all of it passes
   * exit
   * </pre>
   */
  private static int load(int map) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment code = arena.allocate(7 * 8, 8);
      instruction(code, 0, 0xbf, 0x16, 0);
      instruction(code, 1, 0x85, 0, BPF_FUNC_GET_SMP_PROCESSOR_ID);
      instruction(code, 2, 0x18, BPF_PSEUDO_MAP_VALUE << 4 | 1, map);
      instruction(code, 3, 0, 0, 0);
      instruction(code, 4, 0x63, 0x01, 0);
      instruction(code, 5, 0x61, 0x60, 0);
      instruction(code, 6, 0x95, 0, 0);
      MemorySegment attributes = arena.allocate(48, 8);
      attributes.set(JAVA_INT, 0, BPF_PROG_TYPE_SOCKET_FILTER);
      attributes.set(JAVA_INT, 4, 7);
      attributes.set(JAVA_LONG, 8, code.address());
      attributes.set(JAVA_LONG, 16, arena.allocateFrom("Apache-2.0").address());
      return Libc.bpf(BPF_PROG_LOAD, attributes);
    }
  }

  /**
   * @param registers destination in the low four bits, source in the high ones
   */
  private static void instruction(
      MemorySegment code, int index, int opcode, int registers, int immediate) {
    long at = index * 8L;
    code.set(JAVA_SHORT, at, (short) (opcode | registers << 8));
    code.set(JAVA_INT, at + 4, immediate);
  }

  /**
   * Watches this TAP too.
   *
   * @return 0, or {@code -errno}
   */
  public int watch(int tap) {
    try (Arena arena = Arena.ofConfined()) {
      return Libc.ioctl(tap, TUNSETFILTEREBPF, arena.allocateFrom(JAVA_INT, program));
    }
  }

  /**
   * Watches what comes to this socket (socket(7), {@code SO_ATTACH_BPF}); its own number of the
   * processor, {@code SO_INCOMING_CPU}, is kept for connected ones only.
   *
   * @return 0, or {@code -errno}
   */
  public int watchSocket(int socket) {
    return Libc.setsockopt(socket, SOL_SOCKET, SO_ATTACH_BPF, program);
  }

  /** A processor's number, or {@link #UNKNOWN} before the first frame. */
  public int last() {
    return shared.get(JAVA_INT, 0);
  }

  /** Not to be used any more; TAPs keep the program. */
  @Override
  public void close() {
    Libc.munmap(shared.address(), PAGE);
    Libc.close(program);
    Libc.close(map);
  }
}
