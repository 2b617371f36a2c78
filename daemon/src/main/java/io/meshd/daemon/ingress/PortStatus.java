package io.meshd.daemon.ingress;

/**
 * A published port of this node, at one moment.
 *
 * @param port 8080/tcp, or 10.0.0.1:8080/tcp
 * @param service whose port it is
 * @param open connections, or UDP sessions, that it carries
 * @param begun those and all before, since the port was published here
 * @param backends that may get new ones
 * @param bound false where something else holds the port
 */
public record PortStatus(
    String port, String service, int open, long begun, int backends, boolean bound) {}
