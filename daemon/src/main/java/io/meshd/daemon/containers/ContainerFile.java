package io.meshd.daemon.containers;

import io.meshd.api.Json;
import io.meshd.daemon.disk.DurableFiles;
import io.meshd.daemon.tasks.StoredTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Where a task is remembered: one file each, below the data folder. */
record ContainerFile(Path path) {
  private static final String END = ".json";

  static ContainerFile of(Path folder, String taskId) {
    return new ContainerFile(folder.resolve(taskId + END));
  }

  static List<ContainerFile> all(Path folder) throws IOException {
    Files.createDirectories(folder);
    List<ContainerFile> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.filter(file -> file.toString().endsWith(END)).map(ContainerFile::new).forEach(all::add);
    }
    return all;
  }

  StoredTask read() throws IOException {
    return Json.MAPPER.readValue(Files.readAllBytes(path), StoredTask.class);
  }

  void write(StoredTask task) throws IOException {
    DurableFiles.write(path, Json.bytes(task));
  }

  void delete() throws IOException {
    DurableFiles.delete(path);
  }
}
