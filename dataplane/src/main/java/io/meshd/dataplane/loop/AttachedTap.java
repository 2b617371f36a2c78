package io.meshd.dataplane.loop;

import io.meshd.dataplane.TapAttachment;
import io.meshd.dataplane.tap.TapDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * A TAP and who asked for it.
 *
 * @param namespace identity of the network namespace, which a path alone does not tell
 */
record AttachedTap(
    TapAttachment attachment, String namespace, int slot, TapDevice device, TapHandle handle) {

  /** Whether this is still what the attachment asks for. */
  boolean serves(TapAttachment asked) {
    return attachment.equals(asked) && namespaceIsThere() && device.isThere();
  }

  /** Whether the namespace file is still the one the TAP was made in. */
  boolean namespaceIsThere() {
    try {
      return namespace.equals(namespaceOf(attachment.netns()));
    } catch (IOException e) {
      return false;
    }
  }

  /** Device and inode of the namespace file. */
  static String namespaceOf(Path netns) throws IOException {
    try {
      return Files.readAttributes(netns, "unix:dev,ino").toString();
    } catch (NoSuchFileException e) {
      throw new IOException("no network namespace " + netns, e);
    }
  }
}
