package io.meshd.daemon.state;

import java.util.List;

/**
 * The cluster itself.
 *
 * @param addressPools what subnets are cut from, 10.0.0.0/8
 * @param subnetSize prefix length of a subnet taken from a pool, 24
 * @param dataPathPort UDP port of VXLAN, 1024-49151, 4789 by default
 * @param workerToken current join token; empty in what nodes other than managers are sent
 * @param taskHistoryLimit tasks kept per slot, the running one included; negative for all
 */
public record ClusterRecord(
    String id,
    long version,
    String createdAt,
    String updatedAt,
    List<String> addressPools,
    int subnetSize,
    int dataPathPort,
    String workerToken,
    String managerToken,
    int taskHistoryLimit) {

  ClusterRecord withoutTokens() {
    return new ClusterRecord(
        id,
        version,
        createdAt,
        updatedAt,
        addressPools,
        subnetSize,
        dataPathPort,
        "",
        "",
        taskHistoryLimit);
  }
}
