package io.meshd.daemon.ingress;

/**
 * A published port that this node cannot answer.
 *
 * @param publishedPort 1-65535
 * @param protocol "tcp" or "udp"
 * @param serviceName whose port it is
 * @param message one plain sentence that names the holder where it can be found, such as "port
 *     8080/tcp is already in use by nginx (PID 812)"
 */
public record BindError(int publishedPort, String protocol, String serviceName, String message) {}
