package io.meshd.daemon.rest;

import java.util.List;
import java.util.random.RandomGenerator;

/** Names for services that were given none, of the kind Docker gives: {@code calm_otter}. */
record RandomNames(RandomGenerator random) {
  private static final List<String> FIRST =
      List.of(
          "able", "bold", "brave", "bright", "calm", "clever", "cool", "eager", "fair", "fast",
          "fine", "fond", "glad", "keen", "kind", "lively", "loyal", "lucky", "merry", "neat",
          "noble", "proud", "quick", "quiet", "sharp", "shiny", "smart", "steady", "swift", "warm");
  private static final List<String> SECOND =
      List.of(
          "badger", "beaver", "bison", "crane", "curlew", "deer", "dolphin", "eagle", "falcon",
          "finch", "fox", "hare", "heron", "ibex", "jay", "kestrel", "lark", "lynx", "marten",
          "moose", "newt", "otter", "owl", "plover", "raven", "robin", "seal", "stork", "swan",
          "wren");

  String next() {
    return FIRST.get(random.nextInt(FIRST.size()))
        + "_"
        + SECOND.get(random.nextInt(SECOND.size()));
  }
}
