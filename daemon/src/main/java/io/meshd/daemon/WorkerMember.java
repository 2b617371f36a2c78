package io.meshd.daemon;

import io.meshd.daemon.control.AuthorityFollower;
import io.meshd.daemon.control.CertificateRenewal;
import io.meshd.daemon.control.ClusterClient;
import io.meshd.daemon.control.Heartbeat;
import io.meshd.daemon.control.LeaderForwarder;
import io.meshd.daemon.control.ManagerAddresses;
import io.meshd.daemon.control.RemoteReports;
import io.meshd.daemon.control.SelfDescription;
import io.meshd.daemon.control.StateWatch;
import io.meshd.daemon.reconcile.TaskReports;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateListener;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A worker: the state as a manager streams it, or as it was last while there is none. */
final class WorkerMember implements Member {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerMember.class);

  private static final Duration NOBODY_LIMIT = Duration.ofSeconds(3);
  private static final Duration SILENCE_LIMIT = Duration.ofSeconds(10);

  private final NodeIdentity identity;
  private final NodeCredentials credentials;
  private final AuthorityFollower authority;
  private final CertificateRenewal renewal;
  private final SelfDescription self;
  private final ClusterClient client;
  private final ManagerAddresses managers;
  private final StateWatch watch;
  private final RemoteReports remote;
  private final Heartbeat heartbeat;
  private final LeaderForwarder forwarder;

  WorkerMember(Standing standing) {
    identity = standing.identity();
    credentials = standing.credentials();
    client = ClusterClient.ofManagers(credentials);
    managers = new ManagerAddresses(identity.managers(), standing::keepManagers);
    watch = new StateWatch(managers, client, standing.cache());
    remote = new RemoteReports(managers, client);
    heartbeat = new Heartbeat(remote);
    authority = new AuthorityFollower(credentials, standing.store()::saveRoots);
    renewal = new CertificateRenewal(credentials, remote::renew, standing.store()::saveCertificate);
    self =
        new SelfDescription(
            identity.nodeId(), standing.description(), credentials, watch::state, remote::describe);
    forwarder = new LeaderForwarder(managers::list, () -> null, client);
  }

  @Override
  public void start() {
    watch.subscribe(authority);
    watch.subscribe(renewal);
    watch.start();
    heartbeat.start();
    renewal.start();
    self.start();
  }

  @Override
  public LeaderForwarder forwarder() {
    return forwarder;
  }

  /** A manager's stream is open, so that the state is the cluster's and not an old one. */
  @Override
  public boolean upToDate() {
    return watch.connected();
  }

  /**
   * Whether the old state is all there is, {@code waited} after the start. Where managers do not
   * run, that is known soon; where there is only silence, it may be this node that is slow.
   */
  @Override
  public boolean onItsOwn(Duration waited) {
    return watch.nobodyListens()
        ? waited.compareTo(NOBODY_LIMIT) >= 0
        : waited.compareTo(SILENCE_LIMIT) >= 0 && watch.roundsInVain() >= 3;
  }

  @Override
  public NodeIdentity identity() {
    return identity;
  }

  @Override
  public NodeCredentials credentials() {
    return credentials;
  }

  @Override
  public ClusterState state() {
    return watch.state();
  }

  @Override
  public void subscribe(StateListener listener) {
    watch.subscribe(listener);
  }

  @Override
  public X509Certificate askCertificate(String request) throws IOException, InterruptedException {
    return remote.renew(request);
  }

  @Override
  public @Nullable String leaderAddress() {
    List<String> known = managers.list();
    return known.isEmpty() ? null : known.getFirst();
  }

  @Override
  public List<String> managers() {
    return managers.list();
  }

  @Override
  public String error() {
    return watch.refusal();
  }

  @Override
  public TaskReports.Sink reports() {
    return remote::send;
  }

  @Override
  public void sayPause() {
    heartbeat.close();
    try {
      remote.pause();
    } catch (IOException e) {
      LOG.info("no manager heard that this daemon ends: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void sayGoodbye() {
    try {
      remote.leave();
    } catch (IOException e) {
      LOG.info("no manager heard that this node leaves: {}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    self.close();
    renewal.close();
    heartbeat.close();
    watch.close();
    client.close();
  }
}
