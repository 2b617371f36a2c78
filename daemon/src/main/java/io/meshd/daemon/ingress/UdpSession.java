package io.meshd.daemon.ingress;

import io.meshd.dataplane.sys.DatagramPeer;
import io.meshd.dataplane.sys.UdpSocket;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A client, the address that it asked, and the backend that it talks to over a connected socket of
 * its own. On the loop of its {@link UdpServer} only.
 */
final class UdpSession implements EpollIoHandle {
  /** As conntrack (nf_conntrack_udp_timeout): a question, with its answer or without. */
  private static final long SHORT_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** Once the client went on after an answer. */
  private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(180);

  /** What a backend may still answer after it got the last datagram it will get. */
  private static final long RETIRED_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final UdpServer server;
  private final DatagramPeer peer;
  private final BackendLoad backend;
  private final UdpSocket socket;
  private final FileDescriptor descriptor;
  private @Nullable IoRegistration registration;
  private long lastSeen;
  private boolean answered;
  private boolean conversation;
  private boolean retired;

  UdpSession(UdpServer server, DatagramPeer peer, BackendLoad backend, UdpSocket socket) {
    this.server = server;
    this.peer = peer;
    this.backend = backend;
    this.socket = socket;
    this.descriptor = new FileDescriptor(socket.fd());
  }

  void open(IoEventLoop loop) {
    IoRegistration made = loop.register(this).syncUninterruptibly().getNow();
    registration = made;
    made.submit(EpollIoOps.EPOLLIN);
    backend.opened();
  }

  DatagramPeer peer() {
    return peer;
  }

  BackendLoad backend() {
    return backend;
  }

  int socket() {
    return socket.fd();
  }

  void asked(long now) {
    lastSeen = now;
    conversation |= answered;
  }

  void answered(long now) {
    if (!answered) {
      answered = true;
      backend.answered();
    }
    if (!retired) {
      lastSeen = now;
    }
  }

  /** Both sides have spoken, and the client again. */
  boolean conversation() {
    return conversation;
  }

  /** Gets no more datagrams of its client; hands over what the backend still answers. */
  void retire(long now) {
    retired = true;
    lastSeen = now;
  }

  boolean retired() {
    return retired;
  }

  boolean idle(long now) {
    long patience = retired ? RETIRED_NANOS : conversation ? LONG_NANOS : SHORT_NANOS;
    return now - lastSeen > patience;
  }

  /** Ends it; once. */
  void end() {
    if (registration != null) {
      registration.cancel();
      registration = null;
      socket.close();
      backend.closed();
    }
  }

  @Override
  public void handle(IoRegistration ignored, IoEvent event) {
    if (registration != null) {
      server.fromBackend(this);
    }
  }

  @Override
  public FileDescriptor fd() {
    return descriptor;
  }

  /** By Netty when the loop ends. */
  @Override
  public void close() {
    end();
  }
}
