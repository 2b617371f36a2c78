package io.meshd.dataplane.lb;

/**
 * One flow as read from the {@link FlowTable}, or about to be put there. One per loop, reused.
 * Addresses have their first byte highest; ports are the client's above the service's, as they
 * stand in a frame of the client.
 */
public final class Flow {
  int index = FlowTable.NONE;
  int word;
  int vni;
  int protocol;
  int client;
  int vip;
  int backend;
  int ports;
  int load;
  int sinceMillis;
  long tried;

  /** Sets who talks to whom; the backend is still to be chosen. */
  public void begin(int vni, int protocol, int client, int vip, int ports, FlowState state) {
    index = FlowTable.NONE;
    this.vni = vni;
    this.protocol = protocol;
    this.client = client;
    this.vip = vip;
    this.ports = ports;
    word = state.code();
    backend = 0;
    load = Backends.NONE;
    tried = 0;
  }

  /** Gives it a backend, at a time in milliseconds of any origin. */
  public void assign(Candidate candidate, int sinceMillis) {
    backend = candidate.ip();
    load = candidate.load().slot();
    tried |= candidate.triedBit();
    this.sinceMillis = sinceMillis;
  }

  /** The virtual IP. */
  public int vip() {
    return vip;
  }

  public int client() {
    return client;
  }

  public int backend() {
    return backend;
  }

  public int protocol() {
    return protocol;
  }

  /** Which entry of the table. */
  public int index() {
    return index;
  }

  /** Backends that this connection was offered to, as {@link Candidate#triedBit}s. */
  public long tried() {
    return tried;
  }

  /** When it was given its backend; differences count, also over the int's end. */
  public int sinceMillis() {
    return sinceMillis;
  }

  /** The client got itself: its address as source is replaced by the virtual one. */
  public boolean isHairpin() {
    return client == backend;
  }

  /** Whom the backend sees and answers. */
  public int peer() {
    return isHairpin() ? vip : client;
  }

  public FlowState state() {
    return FlowState.of(word & FlowTable.STATE_BITS);
  }
}
