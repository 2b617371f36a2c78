package io.meshd.daemon.dns;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The answers of the outside that were used last, while they may be kept. One thread's. */
final class OutsideCache {
  private static final int MOST = 2048;

  /** Bytes of an answer that is kept: with {@link #MOST} of them, 8 MiB. */
  private static final int LARGEST = 4096;

  private final Map<OutsideKey, OutsideAnswer> answers =
      new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<OutsideKey, OutsideAnswer> eldest) {
          return size() > MOST;
        }
      };

  @Nullable OutsideAnswer get(OutsideKey key, long now) {
    OutsideAnswer answer = answers.get(key);
    if (answer != null && !answer.fresh(now)) {
      answers.remove(key);
      return null;
    }
    return answer;
  }

  void put(OutsideKey key, OutsideAnswer answer, long now) {
    if (answer.fresh(now) && answer.length() <= LARGEST) {
      answers.put(key, answer);
    }
  }

  void clear() {
    answers.clear();
  }
}
