package io.meshd.daemon.http;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A door on real sockets that is not looked at for a while, as by a process that stood still. */
@Timeout(30)
final class DoorGuardTest {
  private static final int MANY = 300;

  private final DoorRecord record = new DoorRecord("door");
  private final DoorGuard guard =
      new DoorGuard(
          record,
          DoorLimits.ORDINARY,
          _ -> new Doorkeeper.Verdict.Refused(TurnedAway.NOT_A_MEMBER, 403, "nobody is known"));
  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
  private final Queue<Channel> admitted = new ConcurrentLinkedQueue<>();
  private Channel door;

  @SuppressWarnings("NullAway.Init") // set before each test
  DoorGuardTest() {}

  @BeforeEach
  void open() {
    door =
        new ServerBootstrap()
            .group(loop)
            .channel(EpollServerSocketChannel.class)
            .childHandler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    if (guard.admit(channel)) {
                      admitted.add(channel);
                    }
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .syncUninterruptibly()
            .channel();
  }

  @AfterEach
  void close() {
    door.close().syncUninterruptibly();
    loop.shutdownGracefully().syncUninterruptibly();
  }

  private Socket knock() throws IOException {
    InetSocketAddress at = (InetSocketAddress) door.localAddress();
    return new Socket(at.getAddress(), at.getPort());
  }

  @Test
  void whoTriedWhileNobodyLookedDoesNotCountAgainstWhoTriesNow() throws Exception {
    loop.submit(() -> door.config().setAutoRead(false)).syncUninterruptibly();
    knock().close(); // taken by the read that was under way
    for (int i = 0; i < MANY; i++) {
      try (Socket given = knock()) {
        given.getOutputStream().write(new byte[] {0x16, 3, 1});
      }
    }
    try (Socket now = knock()) {
      door.config().setAutoRead(true);
      await().until(() -> admitted.stream().anyMatch(Channel::isActive));
      assertEquals(
          now.getLocalPort(),
          ((InetSocketAddress)
                  admitted.stream().filter(Channel::isActive).toList().getFirst().remoteAddress())
              .getPort());
      assertTrue(record.count(TurnedAway.HANDSHAKE_BROKEN) >= MANY);
      assertEquals(0, record.count(TurnedAway.SOURCE_RATE));
      assertEquals(0, record.count(TurnedAway.SOURCE_CROWD));
      guard.turnAway(admitted.element(), TurnedAway.HANDSHAKE_SLOW);
    }
  }

  @Test
  void whoIsGoneAlreadyIsTurnedAwayWithoutAFuss() throws Exception {
    knock().close();
    await().until(() -> !admitted.isEmpty() || record.count(TurnedAway.HANDSHAKE_BROKEN) > 0);
    try (Socket one = knock()) {
      await().until(() -> admitted.stream().anyMatch(Channel::isActive));
      Channel channel = admitted.stream().filter(Channel::isActive).toList().getFirst();
      channel.close().syncUninterruptibly();
      guard.turnAway(channel, TurnedAway.HANDSHAKE_BROKEN);
      assertEquals(-1, one.getInputStream().read());
    }
  }
}
