package io.meshd.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.URLDecoder;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An API server on a unix socket that gives the answers a real one gave (recorded/*.json, taken
 * from Docker Engine 20.10 or composed in its shapes). {@code "@310"} in an answer stands for the
 * time 310 seconds ago.
 */
final class RecordedPeer implements AutoCloseable {
  private static final Pattern AGO = Pattern.compile("\"@(\\d+)\"");
  private static final Pattern CREATED_AGO = Pattern.compile("\"Created\": \"@(\\d+)\"");
  private static final Pattern TIMESTAMP = Pattern.compile("\"Timestamp\":\"[^\"]*\"");

  private record Answer(String method, String path, Set<String> query, int status, String body) {}

  /** What a client sent; header names in lower case. */
  record Request(String method, String target, Map<String, String> headers, String body) {}

  private final Path folder;
  private final ServerSocketChannel server;
  private final List<Answer> answers = Collections.synchronizedList(new ArrayList<>());
  private final Map<String, Function<String, List<byte[]>>> upgrades = new ConcurrentHashMap<>();
  private final List<Request> requests = Collections.synchronizedList(new ArrayList<>());

  RecordedPeer() throws IOException {
    folder = Files.createTempDirectory("meshctl");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(folder.resolve("s")));
    Thread.ofVirtual().start(this::accept);
  }

  static RecordedPeer of(String name) throws IOException {
    RecordedPeer peer = new RecordedPeer();
    try (InputStream in = resource("/recorded/" + name + ".json")) {
      for (JsonNode entry : Json.MAPPER.readTree(in)) {
        peer.answer(
            entry.path("request").asText(),
            entry.path("status").asInt(),
            entry.path("answer").asText());
      }
    }
    return peer;
  }

  static InputStream resource(String name) {
    InputStream in = RecordedPeer.class.getResourceAsStream(name);
    if (in == null) {
      throw new IllegalArgumentException(name);
    }
    return in;
  }

  /** Adds an answer; of several for one request the last one with the most of its query wins. */
  void answer(String request, int status, String body) {
    int blank = request.indexOf(' ');
    String target = request.substring(blank + 1);
    answers.add(new Answer(request.substring(0, blank), path(target), query(target), status, body));
  }

  /** The request's connection becomes a raw stream; {@code script} sees all input up to its end. */
  void upgrade(String request, Function<String, List<byte[]>> script) {
    upgrades.put(request, script);
  }

  String host() {
    return "unix://" + folder.resolve("s");
  }

  List<Request> requests() {
    return List.copyOf(requests);
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        SocketChannel channel = server.accept();
        Thread.ofVirtual().start(() -> serve(channel));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(SocketChannel channel) {
    try (channel) {
      InputStream in = Channels.newInputStream(channel);
      String first = line(in);
      Map<String, String> headers = new HashMap<>();
      for (String header = line(in); !header.isEmpty(); header = line(in)) {
        int colon = header.indexOf(": ");
        headers.put(
            header.substring(0, colon).toLowerCase(Locale.ROOT), header.substring(colon + 2));
      }
      int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
      String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
      String method = first.substring(0, first.indexOf(' '));
      String target =
          first
              .substring(first.indexOf(' ') + 1, first.lastIndexOf(' '))
              .replaceFirst("^/v[0-9.]+", "");
      requests.add(new Request(method, target, Map.copyOf(headers), body));
      Function<String, List<byte[]>> script = upgrades.get(method + " " + target);
      if (script != null) {
        write(channel, "HTTP/1.1 101 UPGRADED\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        // A client that sends no input does not end it either: only -i does.
        boolean interactive = requests.getFirst().body().contains("\"AttachStdin\":true");
        byte[] input = interactive ? in.readAllBytes() : new byte[0];
        for (byte[] part : script.apply(new String(input, StandardCharsets.UTF_8))) {
          write(channel, part);
        }
        return;
      }
      Answer answer = find(method, target);
      String text = answer == null ? notFound(target) : inTime(answer.body);
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      int status = answer == null ? 404 : answer.status;
      String head = "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n".formatted(status);
      String size = status == 204 ? "" : "Content-Length: " + bytes.length + "\r\n";
      write(channel, (head + size + "\r\n").getBytes(StandardCharsets.US_ASCII));
      if (status != 204) {
        write(channel, bytes);
      }
    } catch (IOException e) {
      // The client went away, which is its right.
    }
  }

  private static void write(SocketChannel channel, byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private static String notFound(String target) {
    String thing = path(target).substring(1).replace("s/", " ");
    return "{\"message\":\"%s not found\"}".formatted(thing);
  }

  private static String inTime(String body) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    String created =
        CREATED_AGO
            .matcher(body)
            .replaceAll(
                m ->
                    "\"Created\": "
                        + now.minusSeconds(Long.parseLong(m.group(1))).getEpochSecond());
    String times =
        AGO.matcher(created)
            .replaceAll(m -> "\"" + now.minusSeconds(Long.parseLong(m.group(1))) + "\"");
    return TIMESTAMP.matcher(times).replaceAll("\"Timestamp\":\"" + now.minusSeconds(310) + "\"");
  }

  private @Nullable Answer find(String method, String target) {
    String path = path(target);
    Set<String> query = query(target);
    Answer best = null;
    int matches = 0;
    for (Answer answer : answers) {
      if (answer.method.equals(method) && answer.path.equals(path)) {
        matches++;
        boolean fits = query.containsAll(answer.query);
        if (fits && (best == null || answer.query.size() >= best.query.size())) {
          best = answer;
        }
      }
    }
    if (best == null && matches == 1) {
      return answers.stream()
          .filter(a -> a.method.equals(method) && a.path.equals(path))
          .findFirst()
          .orElse(null);
    }
    return best;
  }

  private static String path(String target) {
    int mark = target.indexOf('?');
    return mark < 0 ? target : target.substring(0, mark);
  }

  private static Set<String> query(String target) {
    int mark = target.indexOf('?');
    return mark < 0
        ? Set.of()
        : Stream.of(target.substring(mark + 1).split("&", -1))
            .map(pair -> URLDecoder.decode(pair, StandardCharsets.UTF_8))
            .collect(Collectors.toSet());
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("end of stream");
      }
      if (c != '\r') {
        out.write(c);
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(folder.resolve("s"));
    Files.deleteIfExists(folder);
  }
}
