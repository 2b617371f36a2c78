package io.meshd.testcluster;

import io.meshd.testcluster.SharesCluster.Shape;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.ClassDescriptor;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.ClassOrdererContext;

/**
 * First the classes that have a cluster of their own, then those that share one, shape by shape: so
 * each shape is made once, and never stands beside another cluster. By name within those.
 */
public final class SharersTogether implements ClassOrderer {
  @Override
  public void orderClasses(ClassOrdererContext context) {
    context
        .getClassDescriptors()
        .sort(
            Comparator.comparing(
                    SharersTogether::shape, Comparator.nullsFirst(Comparator.naturalOrder()))
                .thenComparing(c -> c.getTestClass().getName()));
  }

  private static @Nullable Shape shape(ClassDescriptor descriptor) {
    return descriptor.findAnnotation(SharesCluster.class).map(SharesCluster::value).orElse(null);
  }
}
