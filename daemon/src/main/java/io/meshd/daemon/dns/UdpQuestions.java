package io.meshd.daemon.dns;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.net.InetSocketAddress;

/** Questions in datagrams. What was read in one batch is answered in one. */
final class UdpQuestions extends SimpleChannelInboundHandler<DatagramPacket> {
  private final Questions questions;
  private boolean reading;

  UdpQuestions(Questions questions) {
    this.questions = questions;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
    reading = true;
    questions.counters().count(DnsCounter.QUERIES_UDP);
    InetSocketAddress asker = packet.sender();
    Channel channel = context.channel();
    questions.ask(packet.content(), asker, 0, channel, answer -> answer(context, answer, asker));
  }

  private void answer(ChannelHandlerContext context, ByteBuf answer, InetSocketAddress asker) {
    if (!context.channel().isWritable()) {
      answer.release();
      questions.counters().count(DnsCounter.DROPPED_BUSY);
      return;
    }
    var _ = context.write(new DatagramPacket(answer, asker), context.voidPromise());
    if (!reading) {
      context.flush();
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    reading = false;
    context.flush();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    // An ICMP error that an earlier answer brought back: its asker has gone, the others have not.
    questions.counters().count(DnsCounter.DROPPED_GONE);
  }
}
