package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * System calls, one method each, named and ordered as in section 2 of the manual. Each returns what
 * the call returned, or {@code -errno} ({@link Errno} has the names) where it failed; none throws
 * and none but open and setsockopt allocates after its first call on a thread. Calls of the hot
 * path take addresses instead of segments, whose slices would be objects; the caller keeps them in
 * bounds. As long as the list of calls is.
 */
@SuppressWarnings("restricted") // this class is the reason the rest of the code need not be
public final class Libc {
  public static final int O_RDWR = 2;
  public static final int O_RDONLY = 0;
  public static final int O_NOCTTY = 0x100;
  public static final int O_NONBLOCK = 0x800;
  public static final int O_CLOEXEC = 0x80000;

  public static final int AF_UNIX = 1;
  public static final int AF_INET = 2;
  public static final int AF_INET6 = 10;
  public static final int SOCK_STREAM = 1;
  public static final int SOCK_DGRAM = 2;
  public static final int SOCK_NONBLOCK = 0x800;
  public static final int SOCK_CLOEXEC = 0x80000;

  public static final int CLONE_NEWNET = 0x40000000;
  public static final int POLLIN = 1;
  public static final int POLLOUT = 4;
  public static final int EFD_CLOEXEC = 0x80000;
  public static final int EFD_NONBLOCK = 0x800;

  public static final int MSG_NOSIGNAL = 0x4000;
  public static final int MSG_MORE = 0x8000;
  public static final int SHUT_RD = 0;
  public static final int SHUT_WR = 1;
  public static final int SPLICE_F_MOVE = 1;
  public static final int SPLICE_F_NONBLOCK = 2;
  public static final int F_SETPIPE_SZ = 1031;

  public static final int PROT_READ = 1;
  public static final int PROT_WRITE = 2;
  public static final int MAP_SHARED = 1;

  public static final int EPOLL_CLOEXEC = 0x80000;
  public static final int EPOLL_CTL_ADD = 1;
  public static final int EPOLL_CTL_DEL = 2;
  public static final int EPOLL_CTL_MOD = 3;

  /** The C library has no function for it; -1 is no system call (ENOSYS). */
  private static final long SYS_BPF =
      switch (System.getProperty("os.arch")) {
        case "amd64" -> 321;
        case "aarch64", "riscv64" -> 280;
        default -> -1;
      };

  // The same number everywhere (asm-generic/unistd.h, and those after 424).
  private static final long SYS_PIDFD_OPEN = 434;
  private static final long SYS_PIDFD_GETFD = 438;

  public static final int F_DUPFD_CLOEXEC = 1030;
  public static final int SIGKILL = 9;

  // spawn.h; as large as any C library has them.
  private static final int SPAWN_ACTIONS_SIZE = 128;
  private static final int SPAWN_ATTRIBUTES_SIZE = 512;
  private static final short SPAWN_SETSID = 0x80;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(StructLayout.PathElement.groupElement("errno"));

  /** Where a call leaves errno: one per thread, because a thread makes one call at a time. */
  private static final ThreadLocal<MemorySegment> CALL_STATE =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

  private static final MethodHandle OPEN = function("open", false, ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle CLOSE = function("close", false, JAVA_INT);
  private static final MethodHandle READ = function("read", true, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle WRITE = function("write", true, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle WRITEV =
      function("writev", true, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle IOCTL =
      variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS);
  private static final MethodHandle IOCTL_VALUE =
      variadic("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle POLL = function("poll", false, ADDRESS, JAVA_LONG, JAVA_INT);
  private static final MethodHandle EVENTFD = function("eventfd", false, JAVA_INT, JAVA_INT);
  private static final MethodHandle SETNS = function("setns", false, JAVA_INT, JAVA_INT);
  private static final MethodHandle SOCKET =
      function("socket", false, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND = function("bind", false, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle BIND_AT =
      function("bind", false, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SETSOCKOPT =
      function("setsockopt", false, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle GETSOCKOPT =
      function("getsockopt", false, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle SETSOCKOPT_AT =
      function("setsockopt", false, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle ACCEPT4 =
      function("accept4", false, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle CONNECT =
      function("connect", false, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle LISTEN = function("listen", false, JAVA_INT, JAVA_INT);
  private static final MethodHandle GETSOCKNAME =
      function("getsockname", false, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle RECV =
      function("recv", true, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SEND =
      function("send", true, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SHUTDOWN = function("shutdown", false, JAVA_INT, JAVA_INT);
  private static final MethodHandle SPLICE =
      function("splice", true, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle PIPE2 = function("pipe2", false, JAVA_LONG, JAVA_INT);
  private static final MethodHandle FCNTL =
      variadic("fcntl", 2, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle EPOLL_CREATE1 = function("epoll_create1", false, JAVA_INT);
  private static final MethodHandle EPOLL_CTL =
      function("epoll_ctl", false, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle EPOLL_WAIT =
      function("epoll_wait", false, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final MethodHandle SCHED_SETSCHEDULER =
      function("sched_setscheduler", false, JAVA_INT, JAVA_INT, ADDRESS);
  private static final MethodHandle SCHED_SETAFFINITY =
      function("sched_setaffinity", false, JAVA_INT, JAVA_LONG, ADDRESS);
  private static final MethodHandle SCHED_GETAFFINITY =
      function("sched_getaffinity", false, JAVA_INT, JAVA_LONG, ADDRESS);
  private static final MethodHandle SCHED_GETCPU =
      LINKER.downcallHandle(
          symbol("sched_getcpu"), FunctionDescriptor.of(JAVA_INT), Linker.Option.critical(false));
  private static final MethodHandle MMAP =
      function("mmap", true, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MUNMAP = function("munmap", false, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle BPF =
      variadic("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle PIDFD =
      variadic("syscall", 1, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle POSIX_SPAWN =
      function("posix_spawn", false, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
  private static final MethodHandle SPAWN_ACTIONS =
      function("posix_spawn_file_actions_init", false, ADDRESS);
  private static final MethodHandle SPAWN_OPEN =
      function(
          "posix_spawn_file_actions_addopen",
          false,
          ADDRESS,
          JAVA_INT,
          ADDRESS,
          JAVA_INT,
          JAVA_INT);
  private static final MethodHandle SPAWN_DUP2 =
      function("posix_spawn_file_actions_adddup2", false, ADDRESS, JAVA_INT, JAVA_INT);
  private static final MethodHandle SPAWN_CLOSE_FROM =
      function("posix_spawn_file_actions_addclosefrom_np", false, ADDRESS, JAVA_INT);
  private static final MethodHandle SPAWN_ACTIONS_END =
      function("posix_spawn_file_actions_destroy", false, ADDRESS);
  private static final MethodHandle SPAWN_ATTRIBUTES =
      function("posix_spawnattr_init", false, ADDRESS);
  private static final MethodHandle SPAWN_FLAGS =
      function("posix_spawnattr_setflags", false, ADDRESS, JAVA_SHORT);
  private static final MethodHandle KILL = function("kill", false, JAVA_INT, JAVA_INT);
  private static final MethodHandle WAITPID =
      function("waitpid", false, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle SENDMMSG =
      function("sendmmsg", false, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final MethodHandle RECVMMSG =
      function("recvmmsg", false, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle STRERROR =
      LINKER.downcallHandle(
          symbol("strerror"), FunctionDescriptor.of(ADDRESS.withTargetLayout(bytes()), JAVA_INT));

  private Libc() {}

  public static int open(String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      return result((int) OPEN.invokeExact(state(), arena.allocateFrom(path), flags, 0));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public static int close(int fd) {
    try {
      return result((int) CLOSE.invokeExact(state(), fd));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param address of at least {@code length} bytes that stay allocated during the call
   */
  public static long read(int fd, long address, long length) {
    try {
      return result((long) READ.invokeExact(state(), fd, address, length));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param address of at least {@code length} bytes that stay allocated during the call
   */
  public static long write(int fd, long address, long length) {
    try {
      return result((long) WRITE.invokeExact(state(), fd, address, length));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param iovecs address of {@code count} entries as {@link Iovecs} lays them out
   */
  public static long writev(int fd, long iovecs, int count) {
    try {
      return result((long) WRITEV.invokeExact(state(), fd, iovecs, count));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public static int ioctl(int fd, long request, MemorySegment argument) {
    try {
      return result((int) IOCTL.invokeExact(state(), fd, request, argument));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** For requests whose argument is a number, not a pointer to one. */
  public static int ioctl(int fd, long request, long argument) {
    try {
      return result((int) IOCTL_VALUE.invokeExact(state(), fd, request, argument));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param descriptors {@code count} of struct pollfd: int fd, short events, short revents
   * @param timeoutMillis -1 waits for ever
   */
  public static int poll(MemorySegment descriptors, long count, int timeoutMillis) {
    try {
      return result((int) POLL.invokeExact(state(), descriptors, count, timeoutMillis));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public static int eventfd(int initial, int flags) {
    try {
      return result((int) EVENTFD.invokeExact(state(), initial, flags));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Moves the calling thread only. */
  public static int setns(int fd, int type) {
    try {
      return result((int) SETNS.invokeExact(state(), fd, type));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public static int socket(int domain, int type, int protocol) {
    try {
      return result((int) SOCKET.invokeExact(state(), domain, type, protocol));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public static int bind(int fd, MemorySegment address, int length) {
    try {
      return result((int) BIND.invokeExact(state(), fd, address, length));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param address of {@code length} bytes as {@link SocketAddress} lays it out
   */
  public static int bind(int fd, long address, int length) {
    try {
      return result((int) BIND_AT.invokeExact(state(), fd, address, length));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public static int setsockopt(int fd, int level, int name, int value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment option = arena.allocateFrom(JAVA_INT, value);
      return result((int) SETSOCKOPT.invokeExact(state(), fd, level, name, option, 4));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param value address of the option's value, of {@code length} bytes
   */
  public static int setsockopt(int fd, int level, int name, long value, int length) {
    try {
      return result((int) SETSOCKOPT_AT.invokeExact(state(), fd, level, name, value, length));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param value address where the option's value goes
   * @param length address of its size as an int, in and out
   */
  public static int getsockopt(int fd, int level, int name, long value, long length) {
    try {
      return result((int) GETSOCKOPT.invokeExact(state(), fd, level, name, value, length));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param address where the peer's address goes, as {@link SocketAddress} lays it out
   * @param length address of the room there as an int, in and out
   */
  public static int accept4(int fd, long address, long length, int flags) {
    try {
      return result((int) ACCEPT4.invokeExact(state(), fd, address, length, flags));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param address of {@code length} bytes as {@link SocketAddress} lays it out
   */
  public static int connect(int fd, long address, int length) {
    try {
      return result((int) CONNECT.invokeExact(state(), fd, address, length));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public static int listen(int fd, int backlog) {
    try {
      return result((int) LISTEN.invokeExact(state(), fd, backlog));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** As {@link #accept4} gives the peer's. */
  public static int getsockname(int fd, long address, long length) {
    try {
      return result((int) GETSOCKNAME.invokeExact(state(), fd, address, length));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param address of at least {@code length} bytes that stay allocated during the call
   */
  public static long recv(int fd, long address, long length, int flags) {
    try {
      return result((long) RECV.invokeExact(state(), fd, address, length, flags));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param address of at least {@code length} bytes that stay allocated during the call
   */
  public static long send(int fd, long address, long length, int flags) {
    try {
      return result((long) SEND.invokeExact(state(), fd, address, length, flags));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public static int shutdown(int fd, int how) {
    try {
      return result((int) SHUTDOWN.invokeExact(state(), fd, how));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Between a socket and a pipe, at their own positions. */
  public static long splice(int in, int out, long length, int flags) {
    try {
      return result((long) SPLICE.invokeExact(state(), in, 0L, out, 0L, length, flags));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param ends address of two ints: the end to read, the end to write
   */
  public static int pipe2(long ends, int flags) {
    try {
      return result((int) PIPE2.invokeExact(state(), ends, flags));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public static int fcntl(int fd, int command, int argument) {
    try {
      return result((int) FCNTL.invokeExact(state(), fd, command, argument));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public static int epollCreate1(int flags) {
    try {
      return result((int) EPOLL_CREATE1.invokeExact(state(), flags));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param event address of one event as {@link EpollEvents} lays it out
   */
  public static int epollCtl(int epoll, int operation, int fd, long event) {
    try {
      return result((int) EPOLL_CTL.invokeExact(state(), epoll, operation, fd, event));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param events address of room for {@code count} events as {@link EpollEvents} lays them out
   * @param timeoutMillis -1 waits for ever
   */
  public static int epollWait(int epoll, long events, int count, int timeoutMillis) {
    try {
      return result((int) EPOLL_WAIT.invokeExact(state(), epoll, events, count, timeoutMillis));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param thread as gettid(2) numbers it, 0 for the calling one
   * @param parameters a struct sched_param
   */
  public static int schedSetscheduler(int thread, int policy, MemorySegment parameters) {
    try {
      return result((int) SCHED_SETSCHEDULER.invokeExact(state(), thread, policy, parameters));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param thread as gettid(2) numbers it, 0 for the calling one
   * @param mask a bit per processor, in words of 8 bytes
   */
  public static int schedSetaffinity(int thread, MemorySegment mask) {
    try {
      return result((int) SCHED_SETAFFINITY.invokeExact(state(), thread, mask.byteSize(), mask));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** As {@link #schedSetaffinity}; what lies behind the kernel's own mask stays as it is. */
  public static int schedGetaffinity(int thread, MemorySegment mask) {
    try {
      return result((int) SCHED_GETAFFINITY.invokeExact(state(), thread, mask.byteSize(), mask));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Where the calling thread runs. */
  public static int schedGetcpu() {
    try {
      return (int) SCHED_GETCPU.invokeExact();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Where the kernel chooses, from the beginning of the descriptor. */
  public static long mmap(long length, int protection, int flags, int fd) {
    try {
      return result((long) MMAP.invokeExact(state(), 0L, length, protection, flags, fd, 0L));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  public static int munmap(long address, long length) {
    try {
      return result((int) MUNMAP.invokeExact(state(), address, length));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * @param attributes a union bpf_attr, as long as the command's part of it
   */
  public static int bpf(int command, MemorySegment attributes) {
    try {
      long returned =
          (long)
              BPF.invokeExact(state(), SYS_BPF, command, attributes, (int) attributes.byteSize());
      return (int) result(returned);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** A descriptor for a process. */
  public static int pidfdOpen(int pid) {
    return pidfd(SYS_PIDFD_OPEN, pid, 0);
  }

  /** A descriptor for what another process has under a number; closed on exec. */
  public static int pidfdGetfd(int process, int number) {
    return pidfd(SYS_PIDFD_GETFD, process, number);
  }

  private static int pidfd(long call, int first, int second) {
    try {
      return (int) result((long) PIDFD.invokeExact(state(), call, first, second, 0));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** The process, or a negative group. */
  public static int kill(int process, int signal) {
    try {
      return result((int) KILL.invokeExact(state(), process, signal));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Waits for the end of a child, whatever its status. */
  public static int waitpid(int process) {
    try {
      return result((int) WAITPID.invokeExact(state(), process, MemorySegment.NULL, 0));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * A child in a session of its own, without signal masks of ours, that has standard input and
   * output at /dev/null, the given descriptors from 3 on, and no others.
   *
   * @param descriptors each above {@code 3 + } their count
   * @param arguments the first one is a path
   * @return its number, or {@code -errno}
   */
  public static int spawn(int[] descriptors, String... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment actions = arena.allocate(SPAWN_ACTIONS_SIZE, 16);
      MemorySegment attributes = arena.allocate(SPAWN_ATTRIBUTES_SIZE, 16);
      MemorySegment process = arena.allocate(JAVA_INT);
      MemorySegment argv = arena.allocate(ADDRESS, arguments.length + 1L);
      for (int i = 0; i < arguments.length; i++) {
        argv.setAtIndex(ADDRESS, i, arena.allocateFrom(arguments[i]));
      }
      int error = (int) SPAWN_ACTIONS.invokeExact(state(), actions);
      if (error == 0) {
        error = actions(actions, arena.allocateFrom("/dev/null"), descriptors);
        error = error != 0 ? error : (int) SPAWN_ATTRIBUTES.invokeExact(state(), attributes);
        error =
            error != 0 ? error : (int) SPAWN_FLAGS.invokeExact(state(), attributes, SPAWN_SETSID);
        error =
            error != 0
                ? error
                : (int)
                    POSIX_SPAWN.invokeExact(
                        state(),
                        process,
                        argv.get(ADDRESS, 0),
                        actions,
                        attributes,
                        argv,
                        arena.allocate(ADDRESS, 1));
        int ignored = (int) SPAWN_ACTIONS_END.invokeExact(state(), actions);
      }
      return error != 0 ? -error : process.get(JAVA_INT, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static int actions(MemorySegment actions, MemorySegment devNull, int[] descriptors)
      throws Throwable {
    int error = (int) SPAWN_OPEN.invokeExact(state(), actions, 0, devNull, O_RDWR, 0);
    for (int standard = 1; standard <= 2 && error == 0; standard++) {
      error = (int) SPAWN_DUP2.invokeExact(state(), actions, 0, standard);
    }
    for (int i = 0; i < descriptors.length && error == 0; i++) {
      error = (int) SPAWN_DUP2.invokeExact(state(), actions, descriptors[i], 3 + i);
    }
    return error != 0
        ? error
        : (int) SPAWN_CLOSE_FROM.invokeExact(state(), actions, 3 + descriptors.length);
  }

  /**
   * @param messages address of {@code count} headers as {@link Messages} lays them out
   */
  public static int sendmmsg(int fd, long messages, int count, int flags) {
    try {
      return result((int) SENDMMSG.invokeExact(state(), fd, messages, count, flags));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Without a timeout: for sockets that do not block.
   *
   * @param messages address of {@code count} headers as {@link Messages} lays them out
   */
  public static int recvmmsg(int fd, long messages, int count, int flags) {
    try {
      return result((int) RECVMMSG.invokeExact(state(), fd, messages, count, flags, 0L));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** The C library's words for an error number. */
  public static String strerror(int errno) {
    try {
      return ((MemorySegment) STRERROR.invokeExact(errno)).getString(0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static MemorySegment state() {
    return CALL_STATE.get();
  }

  private static int result(int returned) {
    return returned >= 0 ? returned : -errno();
  }

  private static long result(long returned) {
    return returned >= 0 ? returned : -errno();
  }

  private static int errno() {
    return (int) ERRNO.get(state(), 0L);
  }

  private static MethodHandle function(String name, boolean longResult, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        symbol(name),
        FunctionDescriptor.of(longResult ? JAVA_LONG : JAVA_INT, arguments),
        Linker.Option.captureCallState("errno"));
  }

  private static MethodHandle variadic(
      String name, int firstVariadic, MemoryLayout result, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        symbol(name),
        FunctionDescriptor.of(result, arguments),
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(firstVariadic));
  }

  private static MemorySegment symbol(String name) {
    return LINKER.defaultLookup().findOrThrow(name);
  }

  private static MemoryLayout bytes() {
    return MemoryLayout.sequenceLayout(1024, JAVA_BYTE);
  }

  private static AssertionError unexpected(Throwable e) {
    return new AssertionError("a downcall threw", e);
  }
}
