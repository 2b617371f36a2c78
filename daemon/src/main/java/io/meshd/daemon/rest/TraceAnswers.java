package io.meshd.daemon.rest;

import io.meshd.api.Traces;
import java.io.IOException;

/** What this node itself knows of a packet's way. */
@FunctionalInterface
public interface TraceAnswers {
  Traces.Found answer(Traces.Question question) throws IOException;
}
