package io.meshd.dataplane.seal;

import io.meshd.dataplane.switching.LongTable;
import io.meshd.dataplane.sys.AesGcm;
import io.meshd.dataplane.wire.SealedHeader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Seals frames for other nodes. One per loop, used by its thread alone.
 *
 * <p>No nonce comes twice: a key is derived with an epoch of 56 random bits when a loop seals for a
 * node on a network for the first time, again when the cluster's key changed, when the node was
 * away from the tables, after 2^32 frames, and in every run of the daemon; the frames under it are
 * numbered from 0. Two of the same epoch would need the same cluster's key, network and direction
 * besides.
 */
public final class Sealer implements AutoCloseable {
  /** After so many a key is replaced; keeps well below what GCM allows (SP 800-38D section 8). */
  private static final long FRAMES_PER_KEY = 1L << 32;

  private static final SecureRandom RANDOM = new SecureRandom();

  private SealTable table = SealTable.EMPTY;
  private Map<Long, Peer> peers = Map.of();
  private LongTable<Peer> byNumber = new LongTable<>(peers);

  /** To one node on one network. Its key comes with the first frame. */
  private static final class Peer {
    final int vni;
    final int vtep;
    @Nullable KeySchedule schedule;
    @Nullable AesGcm cipher;
    long epoch;
    long number;

    Peer(long peer) {
      vni = (int) (peer >>> 32);
      vtep = (int) peer;
    }

    void forget() {
      if (cipher != null) {
        cipher.close();
        cipher = null;
      }
    }
  }

  /** From now on for these nodes, under the first key of this ring. */
  public void use(SealTable newTable) {
    if (newTable == table) {
      return;
    }
    KeySchedule first = newTable.ring().isEmpty() ? null : newTable.ring().getFirst();
    Map<Long, Peer> kept = new HashMap<>();
    for (long number : newTable.peers()) {
      Peer peer = peers.get(number);
      if (peer == null) {
        peer = new Peer(number);
      } else if (peer.schedule != first) {
        peer.forget();
      }
      peer.schedule = first;
      kept.put(number, peer);
    }
    peers.forEach(
        (number, peer) -> {
          if (!kept.containsKey(number)) {
            peer.forget();
          }
        });
    table = newTable;
    peers = kept;
    byNumber = new LongTable<>(kept);
  }

  /**
   * Seals a frame in place.
   *
   * @param at where the header goes, {@link SealedHeader#LENGTH} bytes; the frame behind it, and
   *     room for {@link SealedHeader#TAG_LENGTH} bytes behind the frame
   * @param length of the frame
   * @return the datagram's length; or -1 where there is no key for that node, and then nothing of
   *     this may leave
   */
  public int seal(int vni, int vtep, MemorySegment memory, long at, int length) {
    Peer peer = byNumber.get(SealTable.peer(vni, vtep));
    if (peer == null) {
      return -1;
    }
    AesGcm cipher = cipher(peer);
    KeySchedule schedule = peer.schedule;
    if (cipher == null || schedule == null) {
      return -1;
    }
    long number = peer.number++;
    SealedHeader.write(memory, at, vni, schedule.id(), peer.epoch, number);
    long header = memory.address() + at;
    long frame = header + SealedHeader.LENGTH;
    return cipher.seal(number, header, SealedHeader.LENGTH, frame, length)
        ? SealedHeader.LENGTH + length + SealedHeader.TAG_LENGTH
        : -1;
  }

  private @Nullable AesGcm cipher(Peer peer) {
    AesGcm cipher = peer.cipher;
    return cipher != null && peer.number < FRAMES_PER_KEY ? cipher : begin(peer);
  }

  private @Nullable AesGcm begin(Peer peer) {
    KeySchedule schedule = peer.schedule;
    if (schedule == null) {
      return null;
    }
    try {
      AesGcm cipher = peer.cipher == null ? AesGcm.sealing() : peer.cipher;
      peer.epoch = RANDOM.nextLong() & SealedHeader.LARGEST_EPOCH;
      cipher.key(schedule.frames(peer.vni, table.self(), peer.vtep, peer.epoch));
      peer.number = 0;
      peer.cipher = cipher;
      return cipher;
    } catch (IOException e) {
      return null; // no libcrypto: AesGcm.missing says so where people see it
    }
  }

  @Override
  public void close() {
    peers.values().forEach(Peer::forget);
    peers = Map.of();
    byNumber = new LongTable<>(peers);
    table = SealTable.EMPTY;
  }
}
