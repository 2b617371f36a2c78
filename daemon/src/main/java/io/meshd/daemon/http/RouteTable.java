package io.meshd.daemon.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * All routes of both doors. A lookup answers with the most specific pattern that matches (from the
 * left, a literal segment wins over a parameter, a parameter over the rest of the path); HEAD falls
 * back to GET. Routes may be added at any time.
 */
final class RouteTable implements Routes {

  private final List<Route> routes = new CopyOnWriteArrayList<>();
  private volatile @Nullable Handler rest;

  /** A handler with the values of its pattern's parameters. */
  record Match(Handler handler, Map<String, String> params) {}

  private record Route(Doors doors, String method, List<String> segments, Handler handler) {

    /** Sorts before what it wins over: 0 literal, 1 parameter, 2 the rest, per segment. */
    String rank() {
      StringBuilder rank = new StringBuilder();
      for (String segment : segments) {
        rank.append(!segment.startsWith("{") ? '0' : segment.endsWith("...}") ? '2' : '1');
      }
      return rank.toString();
    }
  }

  @Override
  public void add(Doors doors, String method, String pattern, Handler handler) {
    routes.add(new Route(doors, method, segments(pattern), handler));
  }

  @Override
  public void addRest(Handler handler) {
    rest = handler;
  }

  /** Who serves what no route of the unix socket matches, or null when this is not that. */
  @Nullable Handler rest(String method, String path) {
    if (rest == null) {
      return null;
    }
    List<String> segments = segments(path);
    return routes.stream()
            .filter(route -> route.doors().local())
            .anyMatch(r -> serves(r, method) && match(r.segments(), segments) != null)
        ? null
        : rest;
  }

  /**
   * @param path as sent, without version and query
   * @throws ApiException 404, 405, 403 (the door or the certificate's role), 400 (bad escapes)
   */
  Match find(String method, String path, Peer peer) {
    List<String> segments = segments(path);
    Match best = null;
    String bestRank = "";
    String refusal = null;
    TreeSet<String> methods = new TreeSet<>();
    for (Route route : routes) {
      Map<String, String> params = match(route.segments(), segments);
      if (params == null) {
        continue;
      }
      if (!serves(route, method)) {
        methods.add(route.method());
        continue;
      }
      String closed = refusal(route.doors(), peer);
      if (closed != null) {
        refusal = closed;
        continue;
      }
      // An exact HEAD route is preferred to GET's by the smaller suffix.
      String rank = route.rank() + (route.method().equals(method) ? "" : "~");
      if (best == null || Comparator.<String>naturalOrder().compare(rank, bestRank) < 0) {
        best = new Match(route.handler(), params);
        bestRank = rank;
      }
    }
    if (best != null) {
      return best;
    }
    if (refusal != null) {
      throw new ApiException(403, refusal);
    }
    if (!methods.isEmpty()) {
      throw new ApiException(
          405,
          "method %s is not allowed on %s, allowed: %s"
              .formatted(method, path, String.join(", ", methods)));
    }
    throw new ApiException(404, "page not found");
  }

  private static boolean serves(Route route, String method) {
    return route.method().equals(method) || (method.equals("HEAD") && route.method().equals("GET"));
  }

  /** Why this peer may not, or null when it may. */
  private static @Nullable String refusal(Routes.Doors doors, Peer peer) {
    return switch (peer) {
      case Peer.Local _ ->
          doors.local()
              ? null
              : "this call is for the nodes of the cluster only, not for the local socket";
      case Peer.Remote remote ->
          switch (doors) {
            case ANYONE -> null;
            case LOCAL -> "this call is answered on the node's local socket only";
            case LOCAL_AND_NODES, NODES ->
                remote.nodeId() == null ? "this call needs a certificate of the cluster" : null;
            case MANAGERS ->
                "manager".equals(remote.role()) ? null : "this call is for managers only";
          };
    };
  }

  private static @Nullable Map<String, String> match(List<String> pattern, List<String> path) {
    Map<String, String> params = new HashMap<>();
    for (int i = 0; i < pattern.size(); i++) {
      String segment = pattern.get(i);
      if (segment.endsWith("...}")) {
        params.put(
            segment.substring(1, segment.length() - 4),
            decode(String.join("/", path.subList(Math.min(i, path.size()), path.size()))));
        return params;
      }
      if (i >= path.size()) {
        return null;
      }
      if (!segment.startsWith("{")) {
        if (!segment.equals(path.get(i))) {
          return null;
        }
      } else if (path.get(i).isEmpty()) {
        return null;
      } else {
        params.put(segment.substring(1, segment.length() - 1), decode(path.get(i)));
      }
    }
    return pattern.size() == path.size() ? params : null;
  }

  private static List<String> segments(String path) {
    String relative = path.startsWith("/") ? path.substring(1) : path;
    return new ArrayList<>(List.of(relative.split("/", -1)));
  }

  static String decode(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new ApiException(400, "bad escape in the path: " + text);
    }
  }
}
