package io.meshd.cli.grammar;

/**
 * One {@code --host}: {@code name:address} or {@code name=address}; an address may be in brackets,
 * or {@code host-gateway}.
 */
public record HostSpec(String name, String address) {
  public static HostSpec parse(String text) {
    int cut = text.indexOf('=') >= 0 ? text.indexOf('=') : text.indexOf(':');
    String name = cut < 0 ? "" : text.substring(0, cut);
    if (name.isEmpty() || name.indexOf(':') >= 0) {
      throw new IllegalArgumentException("bad format for add-host: " + Values.quote(text));
    }
    String address = text.substring(cut + 1);
    if (address.length() > 2 && address.startsWith("[") && address.endsWith("]")) {
      address = address.substring(1, address.length() - 1);
    }
    if (!address.equals("host-gateway")) {
      try {
        var _ = IpSpec.parse(address);
      } catch (IllegalArgumentException _) {
        throw new IllegalArgumentException(
            "invalid IP address in add-host: " + Values.quote(address));
      }
    }
    return new HostSpec(name, address);
  }

  /** As a hosts file has it. */
  public String line() {
    return address + " " + name;
  }
}
