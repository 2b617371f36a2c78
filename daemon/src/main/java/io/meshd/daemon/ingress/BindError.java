package io.meshd.daemon.ingress;

import io.meshd.daemon.linux.PortHolder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;

/**
 * A published port that this node cannot answer.
 *
 * @param publishedPort 1-65535
 * @param protocol "tcp" or "udp"
 * @param serviceName whose port it is
 * @param message one plain sentence that names the holder where it can be found, such as "port
 *     8080/tcp is already in use by nginx (PID 812)"
 */
public record BindError(int publishedPort, String protocol, String serviceName, String message) {

  /** Finds the words; on a thread of the namespace in which the port was to be bound. */
  static BindError of(IngressPort port, IOException cause) {
    String protocol = port.protocol().label();
    int number = port.publishedPort();
    String ip = port.hostIp();
    String message;
    if (ip != null && !isHere(ip)) {
      message = "port " + name(port) + " is not answered here: this node has no address " + ip;
    } else {
      message =
          "port "
              + name(port)
              + PortHolder.find(protocol, number)
                  .map(holder -> " is already in use by " + holder)
                  .orElse(" cannot be bound: " + reason(cause));
    }
    return new BindError(number, protocol, port.serviceName(), message);
  }

  /** 8080/tcp, or 10.0.0.1:8080/tcp. */
  static String name(IngressPort port) {
    String number = port.publishedPort() + "/" + port.protocol().label();
    return port.hostIp() == null ? number : port.hostIp() + ":" + number;
  }

  private static boolean isHere(String ip) {
    try {
      return NetworkInterface.getByInetAddress(InetAddress.ofLiteral(ip)) != null;
    } catch (SocketException e) {
      return true; // cannot be told, so the kernel's words have to do
    }
  }

  /** What stands before the last colon is Netty's or ours, what follows is the C library's. */
  private static String reason(IOException cause) {
    String text = String.valueOf(cause.getMessage());
    return text.substring(text.lastIndexOf(": ") + 1).strip();
  }
}
