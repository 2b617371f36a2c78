package io.meshd.daemon.rest;

import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.io.InputStream;

/** Reads from another node's :2377 over mTLS. */
@FunctionalInterface
public interface NodeReader {

  /**
   * GETs a path there; the body is read as it comes, closing it ends the call.
   *
   * @throws IOException in words when the node does not answer, or answers with an error
   */
  InputStream get(NodeRecord node, String pathAndQuery) throws IOException, InterruptedException;
}
