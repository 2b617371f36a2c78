package io.meshd.daemon;

import io.meshd.daemon.control.LeaderForwarder;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.http.ApiException;
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

/**
 * A manager whose keys wait for the unlock key: it can show nobody who it is and read nothing of
 * the log. Its node works on by the last state that it had, as without managers.
 */
final class LockedMember implements Member {
  private final NodeIdentity identity;
  private final NodeCredentials credentials;
  private final ClusterState state;

  LockedMember(Standing standing) {
    identity = standing.identity();
    credentials = standing.credentials();
    state = standing.cache().load();
  }

  private static IOException locked() {
    return new IOException(SwarmControl.LOCKED);
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
    return state;
  }

  @Override
  public void subscribe(StateListener listener) {
    if (state.version() > 0) {
      listener.onState(state);
    }
  }

  @Override
  public boolean upToDate() {
    return false;
  }

  @Override
  public boolean onItsOwn(Duration waited) {
    return true;
  }

  @Override
  public void start() {
    // There is nothing to begin with.
  }

  @Override
  public LeaderForwarder forwarder() {
    throw new ApiException(503, SwarmControl.LOCKED);
  }

  @Override
  public X509Certificate askCertificate(String request) throws IOException {
    throw locked();
  }

  @Override
  public @Nullable String leaderAddress() {
    return null;
  }

  @Override
  public List<String> managers() {
    return identity.managers();
  }

  @Override
  public String error() {
    return SwarmControl.LOCKED;
  }

  @Override
  public TaskReports.Sink reports() {
    return _ -> {
      throw locked();
    };
  }

  @Override
  public void sayPause() {
    // Nobody would believe it.
  }

  @Override
  public void sayGoodbye() {
    // Nobody would believe it.
  }

  @Override
  public void close() {
    // Nothing is open.
  }
}
