package io.meshd.dataplane;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.stream.Stream;

/**
 * What this process holds that only comes back when somebody gives it back.
 *
 * @param descriptors open ones
 * @param threads of the data plane
 * @param devices in the namespaces asked for
 * @param mappings of files of flows
 * @param direct bytes of memory outside the heap that slabs and buffers have
 * @param heap bytes in use
 */
record Holdings(int descriptors, int threads, int devices, int mappings, long direct, long heap) {

  /** After a collection, as slabs are freed by one. */
  static Holdings of(Collection<String> namespaces) {
    System.gc();
    int devices = 0;
    for (String namespace : namespaces) {
      devices += (int) TestNamespaces.run("ip", "-o", "-n", namespace, "link").lines().count();
    }
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"));
        Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      return new Holdings(
          (int) open.count(),
          (int)
              Thread.getAllStackTraces().keySet().stream()
                  .filter(thread -> thread.getName().startsWith("meshd"))
                  .count(),
          devices,
          (int) maps.filter(line -> line.contains("/flows")).count(),
          ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
              .filter(pool -> pool.getName().equals("direct"))
              .mapToLong(BufferPoolMXBean::getMemoryUsed)
              .sum(),
          ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether it is no more than that; of memory some is taken once for each thread and test. */
  boolean isNoMoreThan(Holdings other, long bytesMore) {
    return descriptors <= other.descriptors
        && threads <= other.threads
        && devices <= other.devices
        && mappings <= other.mappings
        && direct <= other.direct + bytesMore
        && heap <= other.heap + 8 * bytesMore;
  }
}
