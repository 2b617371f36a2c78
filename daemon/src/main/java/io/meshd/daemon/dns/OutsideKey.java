package io.meshd.daemon.dns;

import java.util.List;

/**
 * What makes two questions to the outside the same one. {@code resolvers}: empty for the node's.
 */
record OutsideKey(
    DomainName name,
    int type,
    int recordClass,
    boolean edns,
    boolean dnssecOk,
    boolean checkingDisabled,
    List<String> resolvers) {

  static OutsideKey of(Query query, List<String> resolvers) {
    return new OutsideKey(
        query.name(),
        query.type(),
        query.recordClass(),
        query.edns(),
        query.dnssecOk(),
        query.checkingDisabled(),
        resolvers);
  }
}
