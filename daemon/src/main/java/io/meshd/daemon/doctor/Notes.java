package io.meshd.daemon.doctor;

import io.meshd.api.Checkups.Finding;
import io.meshd.api.Checkups.Result;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What one check has to say; of one thread. */
final class Notes {
  private final String hostname;
  private final String check;
  private final List<Finding> findings = new ArrayList<>();

  /**
   * @param hostname of the node that looks
   */
  Notes(String hostname, String check) {
    this.hostname = hostname;
    this.check = check;
  }

  /** What there was to see, where nothing is wrong. */
  void ok(String text) {
    add(hostname, Result.OK, text, null);
  }

  void note(String text, @Nullable String mend) {
    add(hostname, Result.NOTE, text, mend);
  }

  void warning(String text, String mend) {
    add(hostname, Result.WARNING, text, mend);
  }

  void error(String text, String mend) {
    add(hostname, Result.ERROR, text, mend);
  }

  /** Something that is to be mended on another node. */
  void errorOn(String otherHostname, String text, String mend) {
    add(otherHostname, Result.ERROR, text, mend);
  }

  boolean isEmpty() {
    return findings.isEmpty();
  }

  List<Finding> findings() {
    return List.copyOf(findings);
  }

  private void add(String node, Result result, String text, @Nullable String mend) {
    findings.add(new Finding(node, check, result, text, mend));
  }
}
