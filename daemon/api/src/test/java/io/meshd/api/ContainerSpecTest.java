package io.meshd.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ContainerSpecTest {

  /** What docker service create sends when every flag for containers is given. */
  @Test
  void nothingOfAContainersSpecIsLost() throws Exception {
    String spec =
        """
        {"Image":"nginx:1.27@sha256:00","Labels":{"a":"b"},"Command":["c"],"Args":["d"],
        "Hostname":"h","Env":["A=b"],"Dir":"/d","User":"1:2","StopSignal":"SIGINT",
        "StopGracePeriod":1000,"Init":true,"Isolation":"default",
        "DNSConfig":{"Nameservers":["1.1.1.1"]},"Hosts":["10.0.0.1 x"],"Groups":["g"],
        "Privileges":{"SELinuxContext":{"Disable":true},"Seccomp":{"Mode":"custom","Profile":"e30="},
        "AppArmor":{"Mode":"disabled"},"NoNewPrivileges":true},"TTY":true,"OpenStdin":true,
        "ReadOnly":true,"Mounts":[
        {"Type":"bind","Source":"/s","Target":"/t","ReadOnly":true,"Consistency":"cached",
        "BindOptions":{"Propagation":"rslave","NonRecursive":true,"CreateMountpoint":true,
        "ReadOnlyNonRecursive":true,"ReadOnlyForceRecursive":true}},
        {"Type":"volume","Source":"v","Target":"/v","VolumeOptions":{"NoCopy":true,"Labels":{"l":"m"},
        "Subpath":"p","DriverConfig":{"Name":"local","Options":{"o":"bind"}}}},
        {"Type":"tmpfs","Target":"/m","TmpfsOptions":{"SizeBytes":64,"Mode":1023,
        "Options":[["noexec"],["size","1m"]]}}],
        "Healthcheck":{"Test":["CMD","true"],"Interval":1,"Timeout":2,"Retries":3,"StartPeriod":4,
        "StartInterval":5},"OomScoreAdj":-5,"Sysctls":{"net.core.somaxconn":"9"},
        "CapabilityAdd":["CAP_NET_ADMIN"],"CapabilityDrop":["ALL"],
        "Ulimits":[{"Name":"nofile","Soft":1,"Hard":2}]}
        """;
    Services.ContainerSpec read = Json.MAPPER.readValue(spec, Services.ContainerSpec.class);
    assertEquals(
        Json.MAPPER.readTree(spec), Json.MAPPER.readTree(Json.bytes(read.withImage(read.image()))));
  }
}
