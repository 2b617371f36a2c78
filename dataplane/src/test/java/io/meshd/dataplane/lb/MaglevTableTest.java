package io.meshd.dataplane.lb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MaglevTableTest {
  private static final int CLIENTS = 200_000;

  @Test
  void everyMemberGetsItsShare() {
    int[] counts = new int[4];
    MaglevTable table = new MaglevTable(members(100, 100, 50, 0));
    for (int client = 0; client < CLIENTS; client++) {
      counts[table.lookup(MaglevTable.hash(0x0a000000 + client))]++;
    }
    assertEquals(0.4, (double) counts[0] / CLIENTS, 0.01);
    assertEquals(0.4, (double) counts[1] / CLIENTS, 0.01);
    assertEquals(0.2, (double) counts[2] / CLIENTS, 0.01);
    assertEquals(0, counts[3]);
  }

  @Test
  void whenOneOfTenGoesAtMostOneInAHundredOfTheOthersMoves() {
    for (String name : List.of("task", "web.", "7f3k", "")) {
      assertFewMove(
          IntStream.range(0, 10).mapToObj(i -> new MaglevTable.Member(name + i, 100)).toList());
    }
  }

  private static void assertFewMove(List<MaglevTable.Member> all) {
    MaglevTable before = new MaglevTable(all);
    for (int gone = 0; gone < all.size(); gone++) {
      List<MaglevTable.Member> rest = new ArrayList<>(all);
      rest.set(gone, new MaglevTable.Member(all.get(gone).id(), 0));
      MaglevTable after = new MaglevTable(rest);
      int others = 0;
      int moved = 0;
      for (int client = 0; client < CLIENTS; client++) {
        long hash = MaglevTable.hash(0x0a000000 + client);
        int was = before.lookup(hash);
        if (was != gone) {
          others++;
          moved += after.lookup(hash) == was ? 0 : 1;
        }
      }
      assertTrue(moved * 100L <= others, moved + " of " + others);
    }
  }

  @Test
  void nodesAgreeWhateverOrderTheyWereTold() {
    List<MaglevTable.Member> members = members(100, 7, 100, 60, 1000);
    MaglevTable one = new MaglevTable(members);
    List<MaglevTable.Member> shuffled = new ArrayList<>(members);
    Collections.shuffle(shuffled, new Random(1));
    MaglevTable other = new MaglevTable(shuffled);
    for (int client = 0; client < CLIENTS; client++) {
      long hash = MaglevTable.hash(client);
      assertEquals(members.get(one.lookup(hash)), shuffled.get(other.lookup(hash)));
    }
  }

  @Test
  void withoutMembersThereIsNobody() {
    assertEquals(-1, new MaglevTable(List.of()).lookup(5));
    assertEquals(-1, new MaglevTable(members(0)).lookup(-5));
  }

  private static List<MaglevTable.Member> members(int... weights) {
    List<MaglevTable.Member> members = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      members.add(new MaglevTable.Member("task" + i * 7919, weights[i]));
    }
    return members;
  }
}
