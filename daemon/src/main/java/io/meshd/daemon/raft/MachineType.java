package io.meshd.daemon.raft;

import io.atomix.primitive.PrimitiveBuilder;
import io.atomix.primitive.PrimitiveManagementService;
import io.atomix.primitive.PrimitiveType;
import io.atomix.primitive.PrimitiveTypeRegistry;
import io.atomix.primitive.config.PrimitiveConfig;
import io.atomix.primitive.service.PrimitiveService;
import io.atomix.primitive.service.ServiceConfig;
import io.atomix.utils.serializer.Namespace;
import java.util.Collection;
import java.util.List;

/** Tells Atomix that there is one kind of replicated service, and which object it is. */
@SuppressWarnings("rawtypes") // as Atomix's own interfaces are used raw throughout
final class MachineType implements PrimitiveType, PrimitiveTypeRegistry {
  /** Atomix asks for these in its high-level API only, which is not used here. */
  private static final String NOT_BUILT = "the log is used without Atomix' primitives";

  /** In every log: must not change. */
  static final String NAME = "meshd";

  private final PrimitiveService service;

  MachineType(PrimitiveService service) {
    this.service = service;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Namespace namespace() {
    return LogFormat.SERVICE;
  }

  @Override
  public PrimitiveService newService(ServiceConfig config) {
    return service;
  }

  @Override
  public PrimitiveConfig newConfig() {
    throw new UnsupportedOperationException(NOT_BUILT);
  }

  @Override
  public PrimitiveBuilder newBuilder(
      String primitiveName, PrimitiveConfig config, PrimitiveManagementService management) {
    throw new UnsupportedOperationException(NOT_BUILT);
  }

  @Override
  public Collection<PrimitiveType> getPrimitiveTypes() {
    return List.of(this);
  }

  @Override
  public PrimitiveType getPrimitiveType(String typeName) {
    return this;
  }
}
