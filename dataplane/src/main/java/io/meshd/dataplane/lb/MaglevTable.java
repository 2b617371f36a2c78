package io.meshd.dataplane.lb;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Maglev hashing (Eisenbud and others, NSDI 2016, section 3.4): who has the same members makes the
 * same table, whatever their order, and when one goes nearly only its share moves. A member takes
 * its next free place in a permutation of its own as often as its weight says. Immutable.
 */
public final class MaglevTable {
  /**
   * Places; prime, and large beside the number of members. With half as many, 65,537, up to 1.3 %
   * of the others' clients move when one of ten members goes; with these 0.3 %.
   */
  public static final int SIZE = 131_071;

  private static final char EMPTY = '\uffff';

  private final char[] places = new char[SIZE];

  /**
   * @param id the same on every node
   * @param weight share of the places; 0 for none
   */
  public record Member(String id, int weight) {}

  private static final class Turn {
    final int index;
    final int weight;
    final long skip;
    long place;
    long credit;

    Turn(int index, Member member) {
      this.index = index;
      weight = member.weight();
      long hash = hash(member.id());
      place = (hash >>> 32) % SIZE;
      skip = (hash & 0xffffffffL) % (SIZE - 1) + 1;
    }
  }

  /**
   * @param members at most 65,535
   */
  public MaglevTable(List<Member> members) {
    if (members.size() > EMPTY) {
      throw new IllegalArgumentException("too many members: " + members.size());
    }
    Arrays.fill(places, EMPTY);
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      if (members.get(i).weight() > 0) {
        turns.add(new Turn(i, members.get(i)));
      }
    }
    turns.sort(Comparator.comparing(turn -> members.get(turn.index).id()));
    if (!turns.isEmpty()) {
      fill(turns);
    }
  }

  private void fill(List<Turn> turns) {
    long heaviest = turns.stream().mapToLong(turn -> turn.weight).max().orElseThrow();
    int taken = 0;
    while (true) {
      for (Turn turn : turns) {
        turn.credit += turn.weight;
        if (turn.credit >= heaviest) {
          turn.credit -= heaviest;
          take(turn);
          if (++taken == SIZE) {
            return;
          }
        }
      }
    }
  }

  private void take(Turn turn) {
    while (places[(int) turn.place] != EMPTY) {
      turn.place = (turn.place + turn.skip) % SIZE;
    }
    places[(int) turn.place] = (char) turn.index;
  }

  /**
   * @param hash well spread, as {@link #hash(int)} makes it
   * @return the index of a member in the list given, or -1 if none had a weight
   */
  public int lookup(long hash) {
    char member = places[(int) Long.remainderUnsigned(hash, SIZE)];
    return member == EMPTY ? -1 : member;
  }

  /** The hash of a client's IPv4 address, the same on every node. */
  public static long hash(int address) {
    return mix(address & 0xffffffffL);
  }

  /** FNV-1a over the characters, mixed. */
  private static long hash(String id) {
    long h = 0xcbf29ce484222325L;
    for (int i = 0; i < id.length(); i++) {
      h = (h ^ id.charAt(i)) * 0x100000001b3L;
    }
    return mix(h);
  }

  /** The finisher of SplitMix64: every bit of the input changes about half of the output's. */
  private static long mix(long value) {
    long h = value + 0x9e3779b97f4a7c15L;
    h = (h ^ h >>> 30) * 0xbf58476d1ce4e5b9L;
    h = (h ^ h >>> 27) * 0x94d049bb133111ebL;
    return h ^ h >>> 31;
  }
}
