package io.meshd.daemon.systemd;

import io.meshd.dataplane.sys.UnixDatagram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The service manager's side of sd_notify(3): assignments in a datagram to the unix socket that the
 * environment names. Where it names none, nothing is told. What cannot be told is logged, and keeps
 * nobody from working.
 */
public final class ServiceManager {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceManager.class);

  private final @Nullable String socket;
  private final @Nullable Duration watchdog;

  private ServiceManager(@Nullable String socket, @Nullable Duration watchdog) {
    this.socket = socket;
    this.watchdog = watchdog;
  }

  /**
   * @param environment with NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, as far as there are any
   *     (sd_watchdog_enabled(3))
   * @param pid this process's own
   */
  public static ServiceManager of(Map<String, String> environment, long pid) {
    String socket = environment.get("NOTIFY_SOCKET");
    String micros = environment.getOrDefault("WATCHDOG_USEC", "");
    boolean ours = environment.getOrDefault("WATCHDOG_PID", "" + pid).equals("" + pid);
    Duration watchdog = null;
    if (ours && micros.matches("[1-9][0-9]{0,17}")) {
      watchdog = Duration.ofNanos(1000 * Long.parseLong(micros));
    }
    return new ServiceManager(socket == null || socket.isEmpty() ? null : socket, watchdog);
  }

  /** After which silence it ends this process, if it ever does. */
  public Optional<Duration> watchdog() {
    return socket == null ? Optional.empty() : Optional.ofNullable(watchdog);
  }

  /** The start is over. */
  public void ready(String status) {
    tell("READY=1\nSTATUS=" + line(status));
  }

  public void stopping(String status) {
    tell("STOPPING=1\nSTATUS=" + line(status));
  }

  void alive() {
    tell("WATCHDOG=1");
  }

  private void tell(String assignments) {
    if (socket == null) {
      return;
    }
    try {
      UnixDatagram.send(socket, assignments.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      LOG.warn("the service manager could not be told: {}", e.getMessage());
    }
  }

  /** Each line of a datagram is an assignment. */
  private static String line(String text) {
    return text.replace('\n', ' ');
  }
}
