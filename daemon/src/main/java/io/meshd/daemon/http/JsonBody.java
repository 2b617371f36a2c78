package io.meshd.daemon.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import io.meshd.api.Json;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request's JSON as a record. What does not fit is answered with 400 and the place: {@code
 * invalid JSON: EndpointSpec.Ports[0].TargetPort: must be a whole number}. A component that is not
 * {@code @Nullable} must be there, at every depth.
 */
public final class JsonBody {
  private JsonBody() {}

  /**
   * @throws ApiException 400 with place and reason
   */
  public static <T> T read(byte[] body, Class<T> type) {
    if (body.length == 0) {
      throw new ApiException(400, "invalid JSON: got EOF while reading request body");
    }
    try {
      @Nullable T value = Json.MAPPER.readValue(body, type);
      return complete(value);
    } catch (MismatchedInputException e) {
      throw mismatch(e);
    } catch (JsonMappingException e) {
      throw mapping(e);
    } catch (JsonProcessingException e) {
      throw syntax(e);
    } catch (IOException e) {
      throw new ApiException(400, "invalid JSON: the body cannot be read");
    }
  }

  /** The same for JSON that is parsed already. */
  public static <T> T read(JsonNode body, Class<T> type) {
    try {
      @Nullable T value = Json.MAPPER.treeToValue(body, type);
      return complete(value);
    } catch (MismatchedInputException e) {
      throw mismatch(e);
    } catch (JsonMappingException e) {
      throw mapping(e);
    } catch (JsonProcessingException e) {
      throw syntax(e);
    }
  }

  private static <T> T complete(@Nullable T value) {
    if (value == null) {
      throw new ApiException(400, "invalid JSON: the body must be an object");
    }
    requireComponents(value, "");
    return value;
  }

  private static ApiException mismatch(MismatchedInputException e) {
    String place = place(e.getPath());
    return new ApiException(
        400, "invalid JSON: %s%s".formatted(place, allowed(e, place.isEmpty() ? "the body " : "")));
  }

  private static ApiException mapping(JsonMappingException e) {
    String reason =
        e.getCause() instanceof InputCoercionException
            ? "number out of range"
            : e.getCause() instanceof JsonProcessingException cause
                ? cause.getOriginalMessage()
                : "not allowed here";
    return new ApiException(400, "invalid JSON: %s%s".formatted(place(e.getPath()), reason));
  }

  private static ApiException syntax(JsonProcessingException e) {
    var at = e.getLocation();
    String where =
        at == null ? "" : " (line %d, column %d)".formatted(at.getLineNr(), at.getColumnNr());
    String reason = e.getOriginalMessage();
    int end = reason.indexOf('\n');
    return new ApiException(
        400, "invalid JSON: " + (end < 0 ? reason : reason.substring(0, end)) + where);
  }

  private static String allowed(MismatchedInputException e, String subject) {
    Class<?> target = e.getTargetType();
    if (target == null) {
      return subject + "not allowed here";
    }
    if (target == int.class || target == Integer.class) {
      return subject + "must be a whole number";
    }
    if (target == long.class || target == Long.class) {
      return subject + "must be a whole number";
    }
    if (target == double.class || target == Double.class) {
      return subject + "must be a number";
    }
    if (target == boolean.class || target == Boolean.class) {
      return subject + "must be true or false";
    }
    if (target == String.class) {
      return subject + "must be a string";
    }
    if (List.class.isAssignableFrom(target)) {
      return subject + "must be a list";
    }
    if (target.isEnum()) {
      return subject + "must be one of its words";
    }
    return subject + "must be an object";
  }

  private static String place(List<JsonMappingException.Reference> path) {
    StringBuilder place = new StringBuilder();
    for (JsonMappingException.Reference step : path) {
      if (step.getFieldName() == null) {
        place.append('[').append(step.getIndex()).append(']');
      } else {
        place.append(place.isEmpty() ? "" : ".").append(step.getFieldName());
      }
    }
    return place.isEmpty() ? "" : place + ": ";
  }

  private static void requireComponents(Object value, String place) {
    switch (value) {
      case Record record -> {
        for (RecordComponent component : record.getClass().getRecordComponents()) {
          String name = place + (place.isEmpty() ? "" : ".") + jsonName(component);
          Object inner = component(record, component);
          if (inner != null) {
            requireComponents(inner, name);
          } else if (!component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
            throw new ApiException(400, "invalid JSON: " + name + ": is required");
          }
        }
      }
      case List<?> list -> {
        for (int i = 0; i < list.size(); i++) {
          requireElement(list.get(i), place + "[" + i + "]");
        }
      }
      case Map<?, ?> map ->
          map.forEach(
              (key, inner) -> {
                if (inner instanceof Record) {
                  requireComponents(inner, place + "." + key);
                }
              });
      default -> {}
    }
  }

  private static void requireElement(@Nullable Object element, String place) {
    if (element == null) {
      throw new ApiException(400, "invalid JSON: " + place + ": must not be null");
    }
    requireComponents(element, place);
  }

  private static String jsonName(RecordComponent component) {
    var named =
        component.getAccessor().getAnnotation(com.fasterxml.jackson.annotation.JsonProperty.class);
    return named == null ? component.getName() : named.value();
  }

  private static @Nullable Object component(Record record, RecordComponent component) {
    try {
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(component + " cannot be read", e);
    }
  }
}
