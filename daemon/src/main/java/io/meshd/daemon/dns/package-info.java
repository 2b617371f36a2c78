/**
 * Names: a DNS server on every network's gateway address, and on the local bridge for names of the
 * outside. Compiles zones from the cluster's state; knows nothing of tasks' processes, of the data
 * plane or of HTTP.
 *
 * <p>The hot path reads and writes messages on the buffer itself; codec-dns gives the numbers of
 * types and codes, and is the other end in the tests. It would make an object per record and does
 * not compress names.
 */
@NullMarked
package io.meshd.daemon.dns;

import org.jspecify.annotations.NullMarked;
