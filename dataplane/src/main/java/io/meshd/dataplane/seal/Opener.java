package io.meshd.dataplane.seal;

import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.switching.LongTable;
import io.meshd.dataplane.sys.AesGcm;
import io.meshd.dataplane.wire.SealedHeader;
import io.meshd.dataplane.wire.VxlanHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Opens what other nodes sealed. For the one loop that receives.
 *
 * <p>The first authentic datagram of an epoch begins a {@link Session}: the key derived with it,
 * and the window of the numbers that came. A datagram of an unknown epoch is opened in a copy, so
 * that what cannot be opened leaves nothing behind. As long as a key is in the ring, no epoch of it
 * is forgotten, not of a node that is away from the tables either: its datagrams could come twice.
 */
public final class Opener implements AutoCloseable {
  /** Of one node on one network; more than loops times restarts within a key's life. */
  private static final int MOST_SESSIONS = 4096;

  /** Of them with a cipher at hand; others derive theirs again. */
  private static final int MOST_CIPHERS = 16;

  private static final int LARGEST = 65_536;

  private final ReplayMemory windows;
  private SealTable table = SealTable.EMPTY;
  private Map<Long, Peer> peers = Map.of();
  private LongTable<Peer> present = new LongTable<>(Map.of());
  private DropReason reason = DropReason.NO_KEY;

  // For datagrams of unknown epochs.
  private @Nullable MemorySegment copy;
  private @Nullable AesGcm probe;

  /**
   * @param windows stays its owner's to close
   */
  public Opener(ReplayMemory windows) {
    this.windows = windows;
  }

  /** A sender's epoch. */
  private static final class Session {
    final KeySchedule schedule;
    final long epoch;
    final ReplayWindow window;
    @Nullable AesGcm cipher;

    Session(KeySchedule schedule, long epoch, ReplayWindow window) {
      this.schedule = schedule;
      this.epoch = epoch;
      this.window = window;
    }

    void forgetCipher() {
      if (cipher != null) {
        cipher.close();
        cipher = null;
      }
    }
  }

  /** One node on one network. */
  private static final class Peer {
    final int vni;
    final int vtep;
    final Map<Long, Session> sessions = new HashMap<>();

    /** Those with a cipher, the one last used first. */
    final List<Session> ready = new ArrayList<>(MOST_CIPHERS);

    Peer(long number) {
      vni = (int) (number >>> 32);
      vtep = (int) number;
    }

    @Nullable Session ready(long epoch, int keyId) {
      for (int i = 0; i < ready.size(); i++) {
        Session session = ready.get(i);
        if (session.epoch == epoch && session.schedule.id() == keyId) {
          if (i > 0) {
            ready.set(i, ready.set(0, session));
          }
          return session;
        }
      }
      return null;
    }

    void makeReady(Session session, AesGcm cipher) {
      if (ready.size() == MOST_CIPHERS) {
        ready.removeLast().forgetCipher();
      }
      session.cipher = cipher;
      ready.addFirst(session);
    }

    void keepOnly(List<KeySchedule> ring) {
      ready.removeIf(session -> !ring.contains(session.schedule));
      sessions
          .values()
          .removeIf(
              session -> {
                boolean gone = !ring.contains(session.schedule);
                if (gone) {
                  session.forgetCipher();
                }
                return gone;
              });
    }

    void forgetCiphers() {
      ready.forEach(Session::forgetCipher);
      ready.clear();
    }
  }

  /** From now on of these nodes, under the keys of this ring. */
  public void use(SealTable newTable) {
    if (newTable == table) {
      return;
    }
    table = newTable;
    Map<Long, Peer> here = new HashMap<>();
    for (long number : newTable.peers()) {
      Peer old = peers.get(number);
      here.put(number, old == null ? new Peer(number) : old);
    }
    Map<Long, Peer> all = new HashMap<>(here);
    peers.forEach(
        (number, peer) -> {
          peer.keepOnly(newTable.ring());
          if (!here.containsKey(number) && !peer.sessions.isEmpty()) {
            peer.forgetCiphers();
            all.put(number, peer);
          }
        });
    windows.keepOnly(newTable.ring());
    peers = all;
    present = new LongTable<>(here);
  }

  /**
   * Opens a datagram in place; the frame in it then lies {@link SealedHeader#LENGTH} bytes behind
   * {@code at}.
   *
   * @param vtep where it came from
   * @param at where its header begins
   * @param length of the datagram
   * @return the frame's length, or -1 with a {@link #reason}, and then the memory of the datagram
   *     holds nothing to be used
   */
  public int open(int vtep, MemorySegment memory, long at, int length) {
    int frame = length - SealedHeader.LENGTH - SealedHeader.TAG_LENGTH;
    if (frame < 0) {
      return refused(DropReason.VXLAN_MALFORMED);
    }
    Peer peer = present.get(SealTable.peer(VxlanHeader.vni(memory, at), vtep));
    if (peer == null || table.ring().isEmpty()) {
      return refused(DropReason.NO_KEY);
    }
    long epoch = SealedHeader.epoch(memory, at);
    int keyId = SealedHeader.keyId(memory, at);
    Session session = peer.ready(epoch, keyId);
    if (session == null) {
      session = known(peer, epoch, keyId);
      if (session == null) {
        return first(peer, epoch, keyId, memory, at, frame);
      }
    }
    long number = SealedHeader.number(memory, at);
    if (!session.window.isNew(number)) {
      return refused(DropReason.REPLAYED);
    }
    AesGcm cipher = session.cipher;
    if (cipher == null) {
      return refused(DropReason.NO_KEY);
    }
    if (!open(cipher, number, memory, at, frame)) {
      return refused(DropReason.BAD_TAG);
    }
    session.window.add(number);
    return frame;
  }

  /** Why the last datagram was refused. */
  public DropReason reason() {
    return reason;
  }

  private int refused(DropReason why) {
    reason = why;
    return -1;
  }

  private static boolean open(
      AesGcm cipher, long number, MemorySegment memory, long at, int frame) {
    long header = memory.address() + at;
    return cipher.open(number, header, SealedHeader.LENGTH, header + SealedHeader.LENGTH, frame);
  }

  /** An epoch that has begun, and its cipher is perhaps to be made again. */
  private @Nullable Session known(Peer peer, long epoch, int keyId) {
    Session session = peer.sessions.get(tag(epoch, keyId));
    if (session != null && session.cipher == null) {
      AesGcm cipher = cipher();
      if (cipher != null) {
        cipher.key(derive(session.schedule, peer, epoch));
        probe = null;
        peer.makeReady(session, cipher);
      }
    }
    return session;
  }

  private int first(Peer peer, long epoch, int keyId, MemorySegment memory, long at, int frame) {
    AesGcm cipher = cipher();
    if (cipher == null) {
      return refused(DropReason.NO_KEY);
    }
    if (peer.sessions.size() >= MOST_SESSIONS) {
      return refused(DropReason.TOO_MANY_EPOCHS);
    }
    int length = SealedHeader.LENGTH + frame + SealedHeader.TAG_LENGTH;
    MemorySegment aside = copy == null ? Arena.ofAuto().allocate(LARGEST, 64) : copy;
    copy = aside;
    long number = SealedHeader.number(memory, at);
    DropReason why = DropReason.UNKNOWN_KEY;
    for (KeySchedule schedule : table.ring()) {
      if (schedule.id() == keyId) {
        MemorySegment.copy(memory, at, aside, 0, length);
        cipher.key(derive(schedule, peer, epoch));
        if (open(cipher, number, aside, 0, frame)) {
          long tag = tag(epoch, keyId);
          ReplayWindow window = windows.window(SealTable.peer(peer.vni, peer.vtep), tag);
          Session session = new Session(schedule, epoch, window);
          peer.sessions.put(tag, session);
          probe = null;
          peer.makeReady(session, cipher);
          if (!window.isNew(number)) {
            return refused(DropReason.REPLAYED); // came before this daemon began
          }
          MemorySegment.copy(aside, 0, memory, at, length);
          window.add(number);
          return frame;
        }
        why = DropReason.BAD_TAG;
      }
    }
    return refused(why);
  }

  private byte[] derive(KeySchedule schedule, Peer peer, long epoch) {
    return schedule.frames(peer.vni, peer.vtep, table.self(), epoch);
  }

  /** One that is free; null where there is no libcrypto. */
  private @Nullable AesGcm cipher() {
    try {
      AesGcm free = probe == null ? AesGcm.opening() : probe;
      probe = free;
      return free;
    } catch (IOException e) {
      return null;
    }
  }

  private static long tag(long epoch, int keyId) {
    return (long) keyId << 56 | epoch;
  }

  @Override
  public void close() {
    peers.values().forEach(Peer::forgetCiphers);
    peers = Map.of();
    present = new LongTable<>(Map.of());
    table = SealTable.EMPTY;
    if (probe != null) {
      probe.close();
      probe = null;
    }
  }
}
