package io.meshd.daemon.linux;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.meshd.daemon.disk.DurableFiles;
import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listening sockets that outlive this process, with the connections that wait in them: whoever
 * starts next takes them, and nobody was refused meanwhile.
 *
 * <p>Theory of operation. The sockets are inherited by a process that does nothing, the
 * <i>holder</i>: a shell that reads from a pipe, which ends when this process does, and then waits
 * {@link #LINGER_SECONDS} for the next one. It is started by a link of this name, so that lists of
 * sockets show them with meshd. A process cannot be given more later, so there is a new holder for
 * each change of the set. Which socket has which number there is on disk beside who the holder is;
 * the next meshd gets them by pidfd_getfd(2) (Linux 5.6, CAP_SYS_PTRACE). Where that fails, sockets
 * are made anew, and the kernel refuses connections in between. Thread-safe.
 */
public final class SocketKeeper {
  /** How long sockets of a process that has ended are held for the next. */
  public static final int LINGER_SECONDS = 10;

  private static final Logger LOG = LoggerFactory.getLogger(SocketKeeper.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What is waited for the end of a holder that has been killed. */
  private static final int END_MILLIS = 100;

  /** Of the sockets in the holder; the one before is the pipe. */
  private static final int FIRST = 4;

  private static final String NAME = "meshd";

  private final @Nullable Path file;

  /** Of the process before this one, not taken yet. */
  private final Map<String, Integer> left = new HashMap<>();

  private final Map<String, Integer> kept = new TreeMap<>();
  private @Nullable Holder holder;

  /** What ends with this process, and no earlier while there is the holder; -1 for none. */
  private int life = -1;

  private boolean changed;

  /**
   * Who holds what, as on disk.
   *
   * @param started clock ticks since boot, which with the number makes a process unique
   * @param sockets names in the order of their numbers
   */
  private record Holder(int pid, long started, List<String> sockets) {}

  private SocketKeeper(@Nullable Path file) {
    this.file = file;
  }

  /** Keeps nothing: sockets end with this process. */
  public static SocketKeeper none() {
    return new SocketKeeper(null);
  }

  /**
   * With what an earlier process left.
   *
   * @param file where it is written who holds what
   */
  public static SocketKeeper open(Path file) {
    SocketKeeper keeper = new SocketKeeper(file);
    try {
      keeper.find(file);
    } catch (IOException e) {
      LOG.warn("sockets of the process before are not taken over: {}", e.getMessage());
    }
    return keeper;
  }

  private void find(Path file) throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    Map<String, Object> written = JSON.readValue(file.toFile(), new TypeReference<>() {});
    if (!(written.get("Pid") instanceof Number pid)
        || !(written.get("Started") instanceof Number started)
        || !(written.get("Sockets") instanceof List<?> sockets)) {
      throw new IOException(file + " does not say who holds what");
    }
    Holder found =
        new Holder(
            pid.intValue(), started.longValue(), sockets.stream().map(String::valueOf).toList());
    if (startOf(found.pid()) != found.started()) {
      LOG.debug("whoever held sockets has ended");
      return;
    }
    holder = found;
    changed = true; // it waits for the end of another process
    int process = Errno.check(Libc.pidfdOpen(found.pid()), "pidfd_open");
    try {
      for (int i = 0; i < found.sockets().size(); i++) {
        int socket = Errno.check(Libc.pidfdGetfd(process, FIRST + i), "pidfd_getfd");
        left.put(found.sockets().get(i), socket);
      }
    } finally {
      Libc.close(process);
    }
  }

  /**
   * What the process before had under a name, once.
   *
   * @return a descriptor, the caller's to close; it is kept on unless it is {@link #drop}ped
   */
  public synchronized OptionalInt take(String name) {
    Integer socket = left.remove(name);
    if (socket == null) {
      return OptionalInt.empty();
    }
    kept.put(name, socket);
    return OptionalInt.of(socket);
  }

  /** Has a socket held from the next {@link #settle} on; it stays the caller's. */
  public synchronized void keep(String name, int socket) {
    kept.put(name, socket);
    changed = true;
  }

  /** Not from the next {@link #settle} on. To be called before the socket is closed. */
  public synchronized void drop(String name) {
    changed |= kept.remove(name) != null;
  }

  /**
   * Has the sockets held that are to be; those of the process before that nobody took are closed.
   * To be called when everything wanted was taken or kept.
   */
  public synchronized void settle() {
    if (file == null || !changed) {
      return;
    }
    for (int socket : left.values()) {
      Libc.shutdown(socket, Libc.SHUT_RD);
      Libc.close(socket);
    }
    left.clear();
    changed = false;
    Holder before = holder;
    int lifeBefore = life;
    life = -1;
    try {
      holder = kept.isEmpty() ? null : start(file.resolveSibling(NAME));
      write(file, holder);
    } catch (IOException e) {
      LOG.warn("listening sockets would not outlive this process: {}", e.getMessage());
    }
    end(before);
    if (lifeBefore >= 0) {
      Libc.close(lifeBefore);
    }
  }

  private Holder start(Path shell) throws IOException {
    Files.deleteIfExists(shell);
    Files.createSymbolicLink(shell, Path.of("/bin/sh"));
    // Above the numbers that they get, so that none is written over before its turn.
    int least = FIRST + kept.size();
    List<Integer> copies = new ArrayList<>();
    try {
      copies.add(pipe(least));
      for (int socket : kept.values()) {
        copies.add(copy(socket, least));
      }
      int pid =
          Errno.check(
              Libc.spawn(
                  copies.stream().mapToInt(Integer::intValue).toArray(),
                  shell.toString(),
                  "-c",
                  "read end <&3; exec sleep " + LINGER_SECONDS,
                  "meshd-sockets"),
              "cannot start a holder");
      return new Holder(pid, startOf(pid), List.copyOf(kept.keySet()));
    } finally {
      copies.forEach(Libc::close);
    }
  }

  private static int copy(int descriptor, int least) throws IOException {
    return Errno.check(Libc.fcntl(descriptor, Libc.F_DUPFD_CLOEXEC, least), "dup");
  }

  /** Begins a {@link #life}; its other end is returned. */
  private int pipe(int least) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ends = arena.allocate(ValueLayout.JAVA_INT, 2);
      Errno.check(Libc.pipe2(ends.address(), Libc.O_CLOEXEC), "pipe");
      life = ends.getAtIndex(ValueLayout.JAVA_INT, 1);
      int end = ends.getAtIndex(ValueLayout.JAVA_INT, 0);
      try {
        return copy(end, least);
      } finally {
        Libc.close(end);
      }
    }
  }

  private static void write(Path file, @Nullable Holder now) throws IOException {
    if (now == null) {
      Files.deleteIfExists(file);
      return;
    }
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("Pid", now.pid());
    content.put("Started", now.started());
    content.put("Sockets", now.sockets());
    DurableFiles.write(file, JSON.writeValueAsBytes(content));
  }

  /** With all of its session; what this process has of the sockets is not concerned. */
  private static void end(@Nullable Holder holder) {
    if (holder != null && startOf(holder.pid()) == holder.started()) {
      Libc.kill(-holder.pid(), Libc.SIGKILL);
      // Nothing, where it is the child of the process before.
      Libc.waitpid(holder.pid());
      for (int i = 0; i < END_MILLIS && Libc.kill(-holder.pid(), 0) == 0; i++) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
    }
  }

  /** Field 22 of proc_pid_stat(5); -1 where there is no such process, or it has ended. */
  private static long startOf(int pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return fields[0].equals("Z") ? -1 : Long.parseLong(fields[19]);
    } catch (IOException e) {
      return -1;
    }
  }
}
