package io.meshd.daemon.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.InputCoercionException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.DeserializationProblemHandler;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.node.MissingNode;
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
  /** How a message about what does not fit begins. */
  public static final String INVALID = "invalid JSON: ";

  private JsonBody() {}

  /**
   * For users' requests: what nobody here would read is not to be dropped in silence. Names are
   * taken in any case, as Go takes them: Docker's SDKs write some in lower case.
   */
  private static final ObjectMapper STRICT =
      Json.MAPPER
          .rebuild()
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .addHandler(
              new DeserializationProblemHandler() {
                @Override
                public boolean handleUnknownProperty(
                    DeserializationContext context,
                    JsonParser parser,
                    JsonDeserializer<?> deserializer,
                    Object owner,
                    String name)
                    throws IOException {
                  return asksNothing(context.readTree(parser));
                }
              })
          .build();

  /** A field under its name in any case; a missing node where there is none. */
  public static JsonNode field(JsonNode object, String name) {
    return object
        .propertyStream()
        .filter(field -> field.getKey().equalsIgnoreCase(name))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(MissingNode.getInstance());
  }

  /** Null, false, 0, and what is empty or made of such: Go's clients send much that is not set. */
  public static boolean asksNothing(JsonNode value) {
    return switch (value.getNodeType()) {
      case NULL, MISSING -> true;
      case BOOLEAN -> !value.booleanValue();
      case NUMBER -> value.doubleValue() == 0;
      case STRING -> value.textValue().isEmpty();
      case ARRAY, OBJECT -> value.valueStream().allMatch(JsonBody::asksNothing);
      case BINARY, POJO -> false;
    };
  }

  /**
   * Fields that the type does not have are ignored: another version sent them.
   *
   * @throws ApiException 400 with place and reason
   */
  public static <T> T read(byte[] body, Class<T> type) {
    return read(Json.MAPPER, body, type);
  }

  /**
   * Fields that the type does not have are refused by name, unless they ask for nothing (null,
   * false, 0, and what is empty or made of such).
   *
   * @throws ApiException 400 with place and reason
   */
  public static <T> T readStrictly(byte[] body, Class<T> type) {
    return read(STRICT, body, type);
  }

  private static <T> T read(ObjectMapper mapper, byte[] body, Class<T> type) {
    if (body.length == 0) {
      throw new ApiException(400, INVALID + "got EOF while reading request body");
    }
    try {
      @Nullable T value = mapper.readValue(body, type);
      return complete(value);
    } catch (MismatchedInputException e) {
      throw mismatch(e);
    } catch (JsonMappingException e) {
      throw mapping(e);
    } catch (JsonProcessingException e) {
      throw syntax(e);
    } catch (IOException e) {
      throw new ApiException(400, INVALID + "the body cannot be read");
    }
  }

  /** As {@link #readStrictly(byte[], Class)}, for JSON that is parsed already. */
  public static <T> T readStrictly(JsonNode body, Class<T> type) {
    try {
      @Nullable T value = STRICT.treeToValue(body, type);
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
      throw new ApiException(400, INVALID + "the body must be an object");
    }
    requireComponents(value, "");
    return value;
  }

  private static ApiException mismatch(MismatchedInputException e) {
    String place = place(e.getPath());
    if (e instanceof UnrecognizedPropertyException) {
      return new ApiException(
          400, place.replaceAll(": $", "") + " is not supported by meshd: leave it out");
    }
    return new ApiException(
        400, INVALID + "%s%s".formatted(place, allowed(e, place.isEmpty() ? "the body " : "")));
  }

  private static ApiException mapping(JsonMappingException e) {
    String reason =
        e.getCause() instanceof InputCoercionException
            ? "number out of range"
            : e.getCause() instanceof JsonProcessingException cause
                ? cause.getOriginalMessage()
                : "not allowed here";
    return new ApiException(400, INVALID + "%s%s".formatted(place(e.getPath()), reason));
  }

  private static ApiException syntax(JsonProcessingException e) {
    var at = e.getLocation();
    String where =
        at == null ? "" : " (line %d, column %d)".formatted(at.getLineNr(), at.getColumnNr());
    String reason = e.getOriginalMessage();
    int end = reason.indexOf('\n');
    return new ApiException(400, INVALID + (end < 0 ? reason : reason.substring(0, end)) + where);
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
            throw new ApiException(400, INVALID + name + ": is required");
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
      throw new ApiException(400, INVALID + place + ": must not be null");
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
