package io.meshd.daemon.control;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpResponse;
import java.nio.channels.ClosedChannelException;

/** Other nodes' errors in words. */
public final class ErrorText {
  private ErrorText() {}

  /** The message of an error answer; reads its body. */
  static String of(HttpResponse<InputStream> answer) throws IOException {
    try (InputStream body = answer.body()) {
      JsonNode message = Json.MAPPER.readTree(body).path("message");
      return message.isTextual() ? message.asText() : "status " + answer.statusCode();
    }
  }

  /** Java's own exceptions often have no message; the innermost cause says most. */
  public static String of(IOException error) {
    Throwable cause = error;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (error instanceof HttpConnectTimeoutException) {
      return "no answer";
    }
    if (cause instanceof ClosedChannelException || cause instanceof ConnectException) {
      return "connection refused";
    }
    return String.valueOf(cause.getMessage());
  }
}
