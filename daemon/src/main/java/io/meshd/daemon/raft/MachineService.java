package io.meshd.daemon.raft;

import io.atomix.primitive.operation.OperationId;
import io.atomix.primitive.service.BackupInput;
import io.atomix.primitive.service.BackupOutput;
import io.atomix.primitive.service.Commit;
import io.atomix.primitive.service.PrimitiveService;
import io.atomix.primitive.service.ServiceContext;
import io.atomix.primitive.session.Session;
import io.atomix.primitive.session.SessionId;
import io.atomix.utils.serializer.Serializer;
import io.atomix.utils.time.WallClockTimestamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives a {@link ReplicatedLog.Machine} from Atomix's one state thread, and remembers how far it
 * is. Once a snapshot could not be restored, or an entry is of a later version, it applies and
 * answers nothing any more: Atomix would go on with an empty state, or with another than the other
 * managers have.
 */
final class MachineService implements PrimitiveService {
  static final OperationId APPLY = OperationId.command("apply");

  private static final byte ANSWERED = 0;
  private static final byte FAILED = 1;

  private static final Logger LOG = LoggerFactory.getLogger(MachineService.class);
  private static final Serializer SERIALIZER = Serializer.using(LogFormat.SERVICE);

  private final ReplicatedLog.Machine machine;
  private final AcknowledgedMark mark;
  private final Consumer<String> broke;
  private final Consumer<String> halted;
  private long reached;
  private long restored;
  private @Nullable String failure;

  /**
   * @param broke told why the state on disk cannot be used
   * @param halted told what is of a later version
   */
  MachineService(
      ReplicatedLog.Machine machine,
      AcknowledgedMark mark,
      Consumer<String> broke,
      Consumer<String> halted) {
    this.machine = machine;
    this.mark = mark;
    this.broke = broke;
    this.halted = halted;
  }

  @Override
  public byte[] apply(Commit<byte[]> commit) {
    requireSound();
    byte[] answer;
    try {
      answer = answer(ANSWERED, machine.apply(commit.value()));
    } catch (ReplicatedLog.LaterFormatException e) {
      fail(e);
      halted.accept(String.valueOf(e.getMessage()));
      throw e;
    } catch (RuntimeException e) {
      // Atomix would pass it on as if there were no leader.
      LOG.error("An entry could not be applied", e);
      answer = answer(FAILED, String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8));
    }
    advance(commit.index());
    return answer;
  }

  private synchronized void fail(RuntimeException why) {
    failure = String.valueOf(why.getMessage());
  }

  private static byte[] answer(byte kind, byte[] value) {
    return ByteBuffer.allocate(1 + value.length).put(kind).put(value).array();
  }

  /**
   * The machine's answer out of what {@link #APPLY} brought.
   *
   * @throws IllegalStateException when the machine threw, with its message
   */
  static byte[] answerOf(byte[] brought) {
    byte[] value = Arrays.copyOfRange(brought, 1, brought.length);
    if (brought[0] == FAILED) {
      throw new IllegalStateException(
          "the change could not be applied: " + new String(value, StandardCharsets.UTF_8));
    }
    return value;
  }

  /** The mark comes before the answer: what is acknowledged is marked. */
  private void advance(long index) {
    try {
      mark.raise(index);
    } catch (IOException e) {
      LOG.error("The mark of acknowledged entries could not be written: {}", e.getMessage());
    }
    synchronized (this) {
      reached = Math.max(reached, index);
    }
  }

  synchronized long reached() {
    return reached;
  }

  /** The index of the snapshot that was restored last, 0 when none was. */
  synchronized long restored() {
    return restored;
  }

  /** Why nothing is applied any more, or null. */
  synchronized @Nullable String failure() {
    return failure;
  }

  @Override
  public void backup(BackupOutput output) {
    String why = failure();
    if (why != null) {
      // Of an exception Atomix makes half a snapshot, and deletes the entries that it stands for.
      throw new AssertionError("no snapshot is taken of a state that is behind: " + why);
    }
    output.writeBytes(new SnapshotFrame(reached(), machine.snapshot()).encode());
  }

  @Override
  public void restore(BackupInput input) {
    try {
      byte[] header = input.readBytes(SnapshotFrame.HEADER_BYTES);
      SnapshotFrame frame =
          SnapshotFrame.decode(header, input.readBytes(SnapshotFrame.stateLength(header)));
      machine.restore(frame.state());
      synchronized (this) {
        restored = frame.index();
      }
      advance(frame.index());
    } catch (ReplicatedLog.LaterFormatException e) {
      fail(e);
      halted.accept(String.valueOf(e.getMessage()));
      throw e;
    } catch (RuntimeException e) {
      LOG.error("The snapshot of the cluster's state cannot be used: {}", e.getMessage());
      fail(e);
      broke.accept("the snapshot of the cluster's state cannot be used: " + e.getMessage());
      throw e;
    }
  }

  private void requireSound() {
    String why = failure();
    if (why != null) {
      throw new IllegalStateException("the cluster's state is not known here: " + why);
    }
  }

  @Override
  public Serializer serializer() {
    return SERIALIZER;
  }

  @Override
  public void init(ServiceContext context) {
    // What is needed comes with every commit.
  }

  @Override
  public void tick(WallClockTimestamp timestamp) {
    // The machine has no clock: times arrive in entries.
  }

  @Override
  @SuppressWarnings("rawtypes") // as the interface has it
  public void register(Session session) {
    // Sessions only carry proposals.
  }

  @Override
  public void expire(SessionId session) {
    // Sessions only carry proposals.
  }

  @Override
  public void close(SessionId session) {
    // Sessions only carry proposals.
  }
}
