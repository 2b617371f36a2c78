package io.meshd.daemon.http;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The file of a unix socket. It is bound under another name, given its mode there and renamed, so
 * that nobody ever sees it with a wider one; a file that nobody serves is replaced.
 */
final class UnixSocketFile {

  /** Whose members may speak besides root, where a group of that name exists. */
  static final String GROUP = "meshd";

  private final Path path;
  private final String groupName;
  private @Nullable Object key;

  /** A group of this machine. */
  record Group(String name, int gid) {}

  UnixSocketFile(Path path, String groupName) {
    this.path = path.toAbsolutePath();
    this.groupName = groupName;
  }

  /** Where to bind. */
  Path bindPath() {
    return path.resolveSibling("." + path.getFileName() + "." + ProcessHandle.current().pid());
  }

  /**
   * @throws IOException in a sentence: another process serves it, or it is no socket
   */
  void prepare() throws IOException {
    Path folder = Objects.requireNonNull(path.getParent());
    Files.createDirectories(folder);
    Files.deleteIfExists(bindPath());
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    // Mode bits S_IFSOCK of stat(2); anything else there is not ours to delete.
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    if ((mode & 0170000) != 0140000) {
      throw new IOException(path + " exists and is not a socket");
    }
    if (served()) {
      throw new IOException("another process serves " + path + " already");
    }
  }

  private boolean served() {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(UnixDomainSocketAddress.of(path));
    } catch (IOException _) {
      return false;
    }
  }

  /**
   * After binding {@link #bindPath}: for root alone, or with the group where there is one.
   *
   * @return the group, or null where this machine has none of that name
   */
  @Nullable Group restrict() throws IOException {
    Files.setPosixFilePermissions(bindPath(), PosixFilePermissions.fromString("rw-------"));
    GroupPrincipal principal;
    try {
      principal =
          bindPath()
              .getFileSystem()
              .getUserPrincipalLookupService()
              .lookupPrincipalByGroupName(groupName);
    } catch (UserPrincipalNotFoundException _) {
      return null;
    }
    try {
      Files.getFileAttributeView(bindPath(), PosixFileAttributeView.class).setGroup(principal);
    } catch (IOException e) {
      throw new IOException(
          "the socket cannot be given to the group " + groupName + ": " + e.getMessage(), e);
    }
    Files.setPosixFilePermissions(bindPath(), PosixFilePermissions.fromString("rw-rw----"));
    return new Group(groupName, (int) Files.getAttribute(bindPath(), "unix:gid"));
  }

  /** After {@link #restrict}: the real name. */
  void publish() throws IOException {
    Files.move(bindPath(), path, StandardCopyOption.ATOMIC_MOVE);
    key = Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes.class).fileKey();
  }

  /** Deletes the file if it is still the one that was published. */
  void remove() throws IOException {
    Files.deleteIfExists(bindPath());
    if (key != null
        && Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        && key.equals(
            Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes.class)
                .fileKey())) {
      Files.delete(path);
    }
  }
}
