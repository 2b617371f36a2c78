package io.meshd.daemon;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * That this process alone uses a data directory: a lock on {@code meshd.lock} in it, which holds
 * our PID in decimal. The kernel drops the lock with the process, so it never goes stale.
 */
public final class DataDirLock implements AutoCloseable {
  private final FileChannel channel;

  private DataDirLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Makes the directory (mode 0700) where it is missing, and takes it.
   *
   * @throws StartupException when it cannot be written or another meshd has it
   */
  public static DataDirLock take(Path dataDir) throws StartupException {
    try {
      if (!Files.isDirectory(dataDir)) {
        Files.createDirectories(
            dataDir,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      }
      return take(
          dataDir,
          FileChannel.open(
              dataDir.resolve("meshd.lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE));
    } catch (IOException e) {
      throw new StartupException("data directory " + dataDir + " cannot be written: " + reason(e));
    }
  }

  private static DataDirLock take(Path dataDir, FileChannel channel)
      throws IOException, StartupException {
    try {
      if (channel.tryLock() != null) {
        channel.truncate(0);
        channel.write(utf8(Long.toString(ProcessHandle.current().pid())));
        return new DataDirLock(channel);
      }
    } catch (OverlappingFileLockException e) {
      // Held by this very process; said as for any other.
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    ByteBuffer holder = ByteBuffer.allocate(20);
    channel.read(holder, 0);
    channel.close();
    throw new StartupException(
        "data directory "
            + dataDir
            + " is in use by another meshd (PID "
            + StandardCharsets.UTF_8.decode(holder.flip()).toString().strip()
            + ")");
  }

  private static ByteBuffer utf8(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException _ -> "permission denied";
      case FileAlreadyExistsException _ -> "it is not a directory";
      case FileSystemException f when f.getReason() != null -> f.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
