package io.meshd.daemon.http;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The file of a unix socket. It is bound under another name, given its mode there and renamed, so
 * that nobody ever sees it with a wider one; a file that nobody serves is replaced.
 */
final class UnixSocketFile {

  private final Path path;
  private @Nullable Object key;

  UnixSocketFile(Path path) {
    this.path = path.toAbsolutePath();
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

  /** After binding {@link #bindPath}: mode 0660, then the real name. */
  void publish() throws IOException {
    Files.setPosixFilePermissions(
        bindPath(),
        EnumSet.of(
            PosixFilePermission.OWNER_READ,
            PosixFilePermission.OWNER_WRITE,
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE));
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
