package io.meshd.daemon.doctor;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/** A certificate is renewed before half of its life is over; one in its last quarter was not. */
final class CertificateCheck implements Check {
  private static final int LAST_PART = 4;

  @Override
  public String name() {
    return "certificate";
  }

  @Override
  public void look(Subject subject, Notes notes) {
    X509Certificate certificate = subject.certificate();
    judge(
        certificate.getNotBefore().toInstant(),
        certificate.getNotAfter().toInstant(),
        Instant.now(),
        notes);
  }

  static void judge(Instant begin, Instant end, Instant now, Notes notes) {
    Duration left = Duration.between(now, end);
    String mend = "see why in this node's log; it is renewed as soon as a manager answers it";
    if (now.isBefore(begin)) {
      notes.error(
          "this node's certificate begins at %s only".formatted(begin), "set this node's clock");
    } else if (left.isNegative()) {
      notes.error("this node's certificate ended at %s".formatted(end), mend);
    } else if (left.compareTo(Duration.between(begin, end).dividedBy(LAST_PART)) < 0) {
      notes.warning(
          "this node's certificate ends in %s, and was not renewed".formatted(words(left)), mend);
    } else {
      notes.ok("valid for another " + words(left));
    }
  }

  private static String words(Duration left) {
    return left.toDays() > 1
        ? left.toDays() + " days"
        : left.toHours() > 1 ? left.toHours() + " hours" : left.toMinutes() + " minutes";
  }
}
