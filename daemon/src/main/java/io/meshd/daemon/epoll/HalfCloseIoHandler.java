package io.meshd.daemon.epoll;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.io.UncheckedIOException;

/**
 * Netty's epoll, made fit for peers that end their side and read on. When a channel waits for
 * nothing (the peer has ended its side, or reading is paused then, and nothing is to be written),
 * Netty 4.2.18 takes its descriptor out of epoll but still believes it there: the next wish to
 * write or read fails and closes the channel with bytes unsent. Here such a wish registers it
 * afresh.
 *
 * <p>Registrations are used on the event loop only, as channels do.
 */
public final class HalfCloseIoHandler implements IoHandler {

  private final IoHandler epoll;

  private HalfCloseIoHandler(IoHandler epoll) {
    this.epoll = epoll;
  }

  public static IoHandlerFactory newFactory() {
    IoHandlerFactory inner = EpollIoHandler.newFactory();
    return (ThreadAwareExecutor executor) -> new HalfCloseIoHandler(inner.newHandler(executor));
  }

  @Override
  public IoRegistration register(IoHandle handle) throws Exception {
    return new Registration(handle, epoll.register(handle));
  }

  private final class Registration implements IoRegistration {
    private final IoHandle handle;
    private IoRegistration inner;
    private boolean removed;

    Registration(IoHandle handle, IoRegistration inner) {
      this.handle = handle;
      this.inner = inner;
    }

    @Override
    public long submit(IoOps ops) {
      boolean none = ((EpollIoOps) ops).value() == EpollIoOps.NONE.value();
      if (removed && none) {
        return 0;
      }
      if (removed && inner.isValid()) {
        removed = false;
        renew();
      }
      long result = inner.submit(ops);
      removed = none;
      return result;
    }

    private void renew() {
      inner.cancel();
      try {
        inner = epoll.register(handle);
      } catch (Exception e) {
        throw new UncheckedIOException(new java.io.IOException("epoll registration failed", e));
      }
    }

    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // Netty's signature
    public <T> T attachment() {
      return inner.attachment();
    }

    @Override
    public boolean isValid() {
      return inner.isValid();
    }

    @Override
    public boolean cancel() {
      return inner.cancel();
    }
  }

  @Override
  public void initialize() {
    epoll.initialize();
  }

  @Override
  public int run(IoHandlerContext context) {
    return epoll.run(context);
  }

  @Override
  public void prepareToDestroy() {
    epoll.prepareToDestroy();
  }

  @Override
  public void destroy() {
    epoll.destroy();
  }

  @Override
  public void wakeup() {
    epoll.wakeup();
  }

  @Override
  public boolean isCompatible(Class<? extends IoHandle> type) {
    return epoll.isCompatible(type);
  }
}
