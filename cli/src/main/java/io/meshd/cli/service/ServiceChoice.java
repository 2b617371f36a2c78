package io.meshd.cli.service;

import io.meshd.api.Paths;
import io.meshd.api.Services;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The service a command means when it names none: the only one there is. */
final class ServiceChoice {
  private ServiceChoice() {}

  /**
   * @param arguments the command's, the service at index 1 if it was named
   */
  static String of(ApiClient api, List<String> arguments) {
    if (arguments.size() > 1) {
      return arguments.get(1);
    }
    List<Services.Service> all = Arrays.asList(api.get(Paths.SERVICES, Services.Service[].class));
    if (all.isEmpty()) {
      throw new Failure("there is no service: create one with 'meshctl service create'");
    }
    if (all.size() > 1) {
      String names =
          all.stream().map(s -> s.spec().name()).sorted().collect(Collectors.joining(", "));
      throw new Failure("there are several services, name one of them: " + names);
    }
    return all.getFirst().spec().name();
  }
}
