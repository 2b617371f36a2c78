package io.meshd.daemon.tasks;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Tells when a file appears in the folder of a task: its pid, its exit code. */
final class FolderWatch implements AutoCloseable {
  private final WatchService service;
  private final Map<WatchKey, String> ids = new ConcurrentHashMap<>();

  FolderWatch(Consumer<String> appeared) throws IOException {
    service = FileSystems.getDefault().newWatchService();
    Thread.ofPlatform().daemon().name("task-watch").start(() -> run(appeared));
  }

  void add(String taskId, Path folder) throws IOException {
    ids.put(folder.register(service, StandardWatchEventKinds.ENTRY_CREATE), taskId);
  }

  private void run(Consumer<String> appeared) {
    try {
      for (; ; ) {
        WatchKey key = service.take();
        String id = ids.get(key);
        key.pollEvents();
        if (!key.reset()) {
          ids.remove(key);
        }
        if (id != null) {
          appeared.accept(id);
        }
      }
    } catch (ClosedWatchServiceException e) {
      // The end.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    service.close();
  }
}
