package io.meshd.daemon.tasks;

import io.meshd.daemon.linux.ToolRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whose process a task is.
 *
 * @param prefix what goes before the command to become that user; empty for the daemon's own
 */
record RunAs(int uid, int gid, String home, List<String> prefix) {
  private static final RunAs ROOT = new RunAs(0, 0, "/root", List.of());

  /**
   * @param user name, uid, or either with :group; null or empty for root
   * @throws IOException in Docker's words when there is none of that name
   */
  static RunAs of(@Nullable String user) throws IOException {
    if (user == null || user.isEmpty() || user.equals("root") || user.equals("0")) {
      return ROOT;
    }
    String[] parts = user.split(":", 2);
    // passwd(5): name:password:uid:gid:comment:home:shell
    String[] entry = find("/etc/passwd", parts[0]);
    int uid;
    int gid;
    String home = "/";
    if (entry != null) {
      uid = Integer.parseInt(entry[2]);
      gid = Integer.parseInt(entry[3]);
      home = entry[5];
    } else if (numeric(parts[0])) {
      uid = Integer.parseInt(parts[0]);
      gid = 0;
    } else {
      throw new IOException(
          "unable to find user " + parts[0] + ": no matching entries in passwd file");
    }
    if (parts.length == 2) {
      String[] group = find("/etc/group", parts[1]);
      if (group == null && !numeric(parts[1])) {
        throw new IOException(
            "unable to find group " + parts[1] + ": no matching entries in group file");
      }
      gid = Integer.parseInt(group == null ? parts[1] : group[2]);
    }
    return new RunAs(
        uid,
        gid,
        home,
        List.of(
            ToolRun.find("setpriv"),
            "--reuid=" + uid,
            "--regid=" + gid,
            entry == null ? "--clear-groups" : "--init-groups",
            "--"));
  }

  /** The line of a name, or of an id: the name of a line is its field 1, the id its field 3. */
  private static String @Nullable [] find(String file, String key) throws IOException {
    String[] byId = null;
    for (String line : Files.readAllLines(Path.of(file))) {
      String[] fields = line.split(":", -1);
      if (fields.length < 3) {
        continue;
      }
      if (fields[0].equals(key)) {
        return fields;
      }
      if (fields[2].equals(key)) {
        byId = fields;
      }
    }
    return byId;
  }

  private static boolean numeric(String text) {
    return !text.isEmpty()
        && text.length() < 10
        && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }
}
