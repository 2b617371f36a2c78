package io.meshd.daemon.state;

import static io.meshd.daemon.state.TestCluster.createService;
import static io.meshd.daemon.state.TestCluster.spec;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.meshd.api.Json;
import io.meshd.api.Services;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointSpecCheckTest {
  private final TestCluster cluster = TestCluster.of(2);

  private static Services.ServiceSpec with(Services.ServiceSpec spec, String endpoint)
      throws JsonProcessingException {
    return new Services.ServiceSpec(
        spec.name(),
        spec.labels(),
        spec.taskTemplate(),
        spec.mode(),
        spec.updateConfig(),
        spec.rollbackConfig(),
        spec.networks(),
        Json.MAPPER.readValue(endpoint.replace('\'', '"'), Services.EndpointSpec.class));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{'Mode':'dnsrr','Ports':[{'TargetPort':80}]} | EndpointSpec: port published with ingress"
            + " mode can't be used with dnsrr mode",
        "{'Mode':'x'} | invalid endpoint mode \"x\": use vip or dnsrr",
        "{'Ports':[{'TargetPort':80,'Protocol':'sctp'}]} | EndpointSpec: protocol sctp is not"
            + " supported: use tcp or udp",
        "{'Ports':[{'TargetPort':80,'HostIP':'10.0.0.300'}]} | EndpointSpec: invalid address"
            + " 10.0.0.300 of a published port: use an IPv4 address",
        "{'Ports':[{'TargetPort':80,'ClientAddress':'x'}]} | EndpointSpec: invalid client address"
            + " mode x: use snat, proxy-v2 or preserve",
        "{'Ports':[{'TargetPort':53,'Protocol':'udp','ClientAddress':'proxy-v2'}]} | EndpointSpec:"
            + " client address mode proxy-v2 is for tcp: a datagram has no first byte of a connection"
            + " to put a header before",
        "{'Ports':[{'TargetPort':80,'PublishMode':'host','ClientAddress':'preserve'}]} |"
            + " EndpointSpec: client address mode preserve can't be used with a port published in"
            + " host mode",
        "{'Balancing':{'Affinity':'x'}} | EndpointSpec: invalid endpoint affinity \"x\": use none"
            + " or client-ip",
        "{'Balancing':{'SlowStart':-1}} | EndpointSpec: endpoint slow start cannot be negative",
        "{'Balancing':{'Weights':{'n1':1001}}} | EndpointSpec: invalid endpoint weight 1001 of"
            + " node n1: use 0 to 1000",
        "{'Balancing':{'Weights':{'nosuch':1}}} | node nosuch not found",
      })
  void whatCannotBeIsRefusedInWords(String endpoint, String message)
      throws JsonProcessingException {
    assertEquals(message, cluster.refusal(createService("x", with(spec("web", 1), endpoint))));
    assertThrows(RuntimeException.class, () -> cluster.service("web"));
  }

  @Test
  void dnsrrWithAPublishedPortIsPossibleByConsent() throws JsonProcessingException {
    cluster.done(
        createService(
            "x",
            with(
                spec("web", 1),
                "{'Mode':'dnsrr','IngressDNSRR':true,'Ports':[{'TargetPort':80}]}")));
    assertEquals(List.of(), cluster.service("web").virtualIps());
    assertNotEquals(0, ServiceSpecs.publishedPort(cluster.service("web").ports().getFirst()));
  }

  @Test
  void anotherBalancingReplacesNoTask() throws JsonProcessingException {
    cluster.done(createService("x", spec("web", 1)));
    long before = cluster.service("web").specVersion();
    cluster.done(
        cluster.update(
            "web",
            with(
                spec("web", 1),
                "{'Mode':'dnsrr','Balancing':{'Affinity':'client-ip','Weights':{'n2':0}}}")));
    assertEquals(before, cluster.service("web").specVersion());
  }
}
