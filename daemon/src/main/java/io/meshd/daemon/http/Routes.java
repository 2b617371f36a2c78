package io.meshd.daemon.http;

/** Where packages put their handlers. */
public interface Routes {

  /**
   * @param doors which doors the route is open on
   * @param pattern {@code /networks/{id}}; a literal segment wins over a parameter; {@code
   *     {name...}} takes the rest of the path
   */
  void add(Doors doors, String method, String pattern, Handler handler);

  /**
   * Serves what no route of the unix socket matches, by path and method. Such a request comes with
   * its body unread: the handler takes the connection over ({@link Exchange#takeOver}) or refuses.
   */
  void addRest(Handler handler);

  /** A door and, for :2377, the least the peer's certificate must say. */
  enum Doors {
    /** The unix socket only. */
    LOCAL,
    /** The unix socket, and :2377 for managers and workers (forwarded calls). */
    LOCAL_AND_NODES,
    /** :2377 for any node of the cluster. */
    NODES,
    /** :2377 for managers only. */
    MANAGERS,
    /** :2377 without a certificate: joining. */
    ANYONE;

    boolean local() {
      return this == LOCAL || this == LOCAL_AND_NODES;
    }
  }
}
