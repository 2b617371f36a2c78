package io.meshd.daemon.raft;

import java.nio.file.Path;

/**
 * Three managers in one process, of which the first leads, and entries proposed one after the
 * other. Arguments: directory, count.
 */
final class ProposingManagers {
  private ProposingManagers() {}

  public static void main(String[] args) throws Exception {
    try (Managers managers = new Managers(Path.of(args[0])).begin("n1", "n2", "n3")) {
      for (int i = 0; i < Integer.parseInt(args[1]); i++) {
        managers.propose("n2", "p:" + i);
      }
      System.out.println("done");
    }
  }
}
