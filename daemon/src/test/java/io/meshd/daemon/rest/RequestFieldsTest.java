package io.meshd.daemon.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.daemon.http.UnixHttp;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of the fields of a request, those that nobody reads too. */
final class RequestFieldsTest extends ApiOnSocket {
  @Test
  void whatNobodyWouldReadIsRefusedByName() throws IOException {
    createNetwork();
    refused(
        400,
        "TaskTemplate.ContainerSpec.Secrets is not supported by meshd: leave it out",
        "POST",
        "/services/create",
        SERVICE.replace("[\"serve\"]", "[\"serve\"],\"Secrets\":[{\"SecretName\":\"s\"}]"));
    refused(
        400,
        "Mode.ReplicatedJob is not supported by meshd: leave it out",
        "POST",
        "/services/create",
        SERVICE.replace(
            "\"Replicated\":{\"Replicas\":2}", "\"ReplicatedJob\":{\"MaxConcurrent\":1}"));
    refused(
        400,
        "TaskTemplate.Resources is for containers: a process task cannot have it",
        "POST",
        "/services/create",
        SERVICE.replace("\"ForceUpdate\":0", "\"Resources\":{\"Limits\":{\"MemoryBytes\":4096}}"));
    refused(
        400,
        "TaskTemplate.Resources.Reservations.GenericResources is not supported by meshd: leave it"
            + " out",
        "POST",
        "/services/create",
        SERVICE.replace(
            "\"ForceUpdate\":0",
            "\"Resources\":{\"Reservations\":{\"GenericResources\":[{\"K\":1}]}}"));
    refused(
        400,
        "IPAM.Options is not supported by meshd: leave it out",
        "POST",
        "/networks/create",
        "{\"Name\":\"ov2\",\"Driver\":\"overlay\",\"IPAM\":{\"Options\":{\"a\":\"b\"}}}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "{\"Type\":\"foo\",\"Target\":\"/a\"}|invalid MountType: \"foo\"",
        "{\"Type\":\"volume\",\"Target\":\"/a\"},{\"Type\":\"tmpfs\",\"Target\":\"/a\"}|rpc error:"
            + " code = InvalidArgument desc = ContainerSpec: duplicate mount point: /a",
        "{\"Type\":\"bind\",\"Target\":\"/a\"}|invalid mount config for type \"bind\": field Source"
            + " must not be empty",
      })
  void mountsThatNobodyCouldMakeAreRefused(String mounts, String words) throws IOException {
    refused(
        400,
        words,
        "POST",
        "/services/create",
        SERVICE.replace("[\"serve\"]", "[\"serve\"],\"Mounts\":[" + mounts + "]"));
  }

  /** The SDK for Python writes modes so. */
  @Test
  void namesOfFieldsAreTakenInAnyCase() throws IOException {
    createNetwork();
    String spec =
        SERVICE.replace("\"Replicated\":{\"Replicas\":2}", "\"replicated\":{\"replicas\":3}");
    assertEquals(201, call("POST", "/services/create", spec).status());
    JsonNode mode = get("/services/web").path("Spec").path("Mode");
    assertEquals(3, mode.path("Replicated").path("Replicas").asInt());
  }

  /** Go's clients send what is not set, too. */
  @Test
  void unknownFieldsThatAskForNothingDoNoHarm() throws IOException {
    createNetwork();
    String spec =
        SERVICE.replace(
            "[\"serve\"]",
            "[\"serve\"],\"Secrets\":null,\"Configs\":[],\"New\":{\"A\":[{\"B\":false}],\"C\":0}");
    assertEquals(201, call("POST", "/services/create", spec).status());
  }

  @Test
  void dockersClientsAskForAProcessByItsImage() throws IOException {
    createNetwork();
    String asked =
        SERVICE
            .replace("\"Command\":[\"serve\"]", "\"Image\":\"process:latest\",\"Args\":[\"serve\"]")
            .replace("\"Runtime\":\"process\"", "\"Runtime\":\"container\"");
    UnixHttp.Answer made = call("POST", "/v1.47/services/create", asked);
    assertEquals(201, made.status(), made.text());
    JsonNode shown = get("/services/web").path("Spec").path("TaskTemplate");
    assertEquals("process", shown.path("ContainerSpec").path("Image").asText());
    assertEquals("container", shown.path("Runtime").asText());
    var kept = machine.state().services().values().iterator().next().spec().taskTemplate();
    assertEquals("process", kept.runtime());
    assertNull(kept.containerSpec().image());
    assertEquals(
        "",
        get("/distribution/process:latest/json").path("Descriptor").path("digest").asText("none"));
  }
}
