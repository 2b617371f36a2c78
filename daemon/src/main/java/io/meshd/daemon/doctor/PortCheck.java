package io.meshd.daemon.doctor;

import io.meshd.daemon.ingress.BindError;

/** Published ports that this node cannot answer, with who has them. */
final class PortCheck implements Check {
  @Override
  public String name() {
    return "ports";
  }

  @Override
  public void look(Subject subject, Notes notes) {
    for (BindError error : subject.bindErrors()) {
      notes.error(
          "%s; service %s is not answered there on this node"
              .formatted(error.message(), error.serviceName()),
          "end that process, or publish service %s on another port".formatted(error.serviceName()));
    }
    if (notes.isEmpty()) {
      notes.ok("all published ports are held (%d)".formatted(subject.ports().size()));
    }
  }
}
