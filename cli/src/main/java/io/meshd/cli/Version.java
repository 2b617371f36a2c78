package io.meshd.cli;

/** The version of this build, from the jar's manifest. */
final class Version {
  private Version() {}

  static final String TEXT = read();

  private static String read() {
    String version = Meshctl.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
