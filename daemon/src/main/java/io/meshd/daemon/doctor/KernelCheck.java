package io.meshd.daemon.doctor;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Kernels that damage what is sent as one batch of datagrams of one size (UDP GSO): 7.0 to 7.1.4,
 * tailscale#19777.
 */
final class KernelCheck implements Check {
  private static final Pattern VERSION = Pattern.compile("^(\\d+)\\.(\\d+)(?:\\.(\\d+))?");
  private static final int MAJOR = 7;
  private static final int LAST_MINOR = 1;
  private static final int LAST_PATCH = 4;

  @Override
  public String name() {
    return "kernel";
  }

  @Override
  public void look(Subject subject, Notes notes) {
    judge(System.getProperty("os.version"), notes);
  }

  static void judge(String release, Notes notes) {
    if (damages(release)) {
      notes.warning(
          "Linux %s damages batches of datagrams (UDP GSO), which VXLAN is sent in"
              .formatted(release),
          "use a kernel of 7.1.5 or newer");
    } else {
      notes.ok("Linux " + release);
    }
  }

  private static boolean damages(String release) {
    Matcher version = VERSION.matcher(release);
    if (!version.find() || Integer.parseInt(version.group(1)) != MAJOR) {
      return false;
    }
    int minor = Integer.parseInt(version.group(2));
    int patch = version.group(3) == null ? 0 : Integer.parseInt(version.group(3));
    return minor < LAST_MINOR || (minor == LAST_MINOR && patch <= LAST_PATCH);
  }
}
