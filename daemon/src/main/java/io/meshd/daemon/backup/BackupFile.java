package io.meshd.daemon.backup;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * The file around a backup's content.
 *
 * <pre>
 *  0            8        12       16            48
 *  +------------+--------+--------+-------------+----------------------
 *  | "MESHDBAK" | format | length |   SHA-256   | content, gzip ...
 *  |            |   1    |        |             |
 *  +------------+--------+--------+-------------+----------------------
 * </pre>
 *
 * Numbers are big-endian; length is that of the compressed content; the digest covers the first 16
 * bytes and the content. The format grows with every change that an older meshd would misread.
 */
final class BackupFile {
  static final int FORMAT = 1;
  private static final byte[] MAGIC = {'M', 'E', 'S', 'H', 'D', 'B', 'A', 'K'};
  private static final int DIGEST = 16;
  private static final int HEADER_BYTES = 48;

  /** What a content may grow to when it is unpacked. */
  private static final int MOST_CONTENT = 512 << 20;

  private BackupFile() {}

  static byte[] write(byte[] content) {
    byte[] packed = packed(content);
    ByteBuffer file =
        ByteBuffer.allocate(HEADER_BYTES + packed.length)
            .put(MAGIC)
            .putInt(FORMAT)
            .putInt(packed.length)
            .put(HEADER_BYTES, packed);
    file.put(digest(file.array()));
    return file.array();
  }

  /**
   * @throws IOException in a sentence: no backup, of a newer format, cut short, damaged
   */
  static byte[] read(byte[] file) throws IOException {
    ByteBuffer header = ByteBuffer.wrap(file);
    if (file.length < MAGIC.length || !Arrays.equals(file, 0, MAGIC.length, MAGIC, 0, 8)) {
      throw new IOException("the file is no backup of a swarm");
    }
    if (file.length < HEADER_BYTES) {
      throw new IOException("the backup is cut short: it ends in its header");
    }
    int format = header.getInt(MAGIC.length);
    if (format > FORMAT) {
      throw new IOException(
          "the backup has format "
              + format
              + " and this meshd reads "
              + FORMAT
              + ": restore it with a newer meshd");
    }
    int length = header.getInt(12);
    int there = file.length - HEADER_BYTES;
    if (there < length) {
      throw new IOException(
          "the backup is cut short: it holds " + there + " of " + length + " bytes");
    }
    byte[] kept = Arrays.copyOfRange(file, DIGEST, HEADER_BYTES);
    if (there > length || !MessageDigest.isEqual(kept, digest(file))) {
      throw new IOException("the backup is damaged: its checksum does not match");
    }
    return unpacked(file);
  }

  private static byte[] digest(byte[] file) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(file, 0, DIGEST);
      digest.update(file, HEADER_BYTES, file.length - HEADER_BYTES);
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JVM has no SHA-256", e);
    }
  }

  private static byte[] packed(byte[] content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(content);
    } catch (IOException e) {
      throw new IllegalStateException("memory cannot be written", e);
    }
    return bytes.toByteArray();
  }

  private static byte[] unpacked(byte[] file) throws IOException {
    try (GZIPInputStream gzip =
        new GZIPInputStream(
            new ByteArrayInputStream(file, HEADER_BYTES, file.length - HEADER_BYTES))) {
      byte[] content = gzip.readNBytes(MOST_CONTENT);
      if (gzip.read() >= 0) {
        throw new IOException("the backup is too large");
      }
      return content;
    }
  }
}
