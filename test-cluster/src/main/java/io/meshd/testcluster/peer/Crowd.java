package io.meshd.testcluster.peer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * {@code HOST PORT CONNECTIONS HEX SECONDS}: opens connections, sends the bytes (maybe none) on
 * each and then nothing more, prints {@code open N}, and keeps them for so long; one that the other
 * side has ended is opened again.
 */
public final class Crowd {
  private Crowd() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    InetSocketAddress target =
        new InetSocketAddress(InetAddress.getByName(args[0]), Integer.parseInt(args[1]));
    byte[] first = HexFormat.of().parseHex(args[3]);
    List<SocketChannel> crowd = new ArrayList<>();
    for (int i = 0; i < Integer.parseInt(args[2]); i++) {
      crowd.add(stand(target, first));
    }
    System.out.println("open " + crowd.size());
    long end = System.nanoTime() + Long.parseLong(args[4]) * 1_000_000_000L;
    ByteBuffer answer = ByteBuffer.allocate(512);
    while (System.nanoTime() < end) {
      for (int i = 0; i < crowd.size() && System.nanoTime() < end; i++) {
        if (ended(crowd.get(i), answer.clear())) {
          crowd.get(i).close();
          crowd.set(i, stand(target, first));
        }
      }
      Thread.sleep(50);
    }
  }

  /** Closed with a reset, so that thousands leave no ports behind. */
  private static SocketChannel stand(InetSocketAddress target, byte[] first) throws IOException {
    SocketChannel channel = SocketChannel.open();
    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
    try {
      channel.connect(target);
      channel.configureBlocking(false);
      channel.write(ByteBuffer.wrap(first));
    } catch (IOException _) {
      // ended already: seen when it is read
    }
    return channel;
  }

  private static boolean ended(SocketChannel channel, ByteBuffer answer) {
    try {
      return channel.read(answer) < 0;
    } catch (IOException _) {
      return true;
    }
  }
}
