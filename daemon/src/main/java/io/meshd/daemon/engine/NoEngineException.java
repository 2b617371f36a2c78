package io.meshd.daemon.engine;

import java.io.IOException;

/** No Docker Engine answers on this node; the message is a sentence for the user. */
public final class NoEngineException extends IOException {
  private static final long serialVersionUID = 1L;

  NoEngineException(String message) {
    super(message);
  }
}
