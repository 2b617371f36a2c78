package io.meshd.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Parts of a task's spec (Docker Engine API, "TaskSpec"); durations are nanoseconds. */
public final class Containers {
  private Containers() {}

  /** {@code type}: bind, volume, tmpfs, npipe, cluster; only the options of its type are set. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Mount(
      @JsonProperty("Type") @Nullable String type,
      @JsonProperty("Source") @Nullable String source,
      @JsonProperty("Target") @Nullable String target,
      @JsonProperty("ReadOnly") @Nullable Boolean readOnly,
      @JsonProperty("Consistency") @Nullable String consistency,
      @JsonProperty("BindOptions") @Nullable BindOptions bindOptions,
      @JsonProperty("VolumeOptions") @Nullable VolumeOptions volumeOptions,
      @JsonProperty("TmpfsOptions") @Nullable TmpfsOptions tmpfsOptions) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record BindOptions(
      @JsonProperty("Propagation") @Nullable String propagation,
      @JsonProperty("NonRecursive") @Nullable Boolean nonRecursive,
      @JsonProperty("CreateMountpoint") @Nullable Boolean createMountpoint,
      @JsonProperty("ReadOnlyNonRecursive") @Nullable Boolean readOnlyNonRecursive,
      @JsonProperty("ReadOnlyForceRecursive") @Nullable Boolean readOnlyForceRecursive) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record VolumeOptions(
      @JsonProperty("NoCopy") @Nullable Boolean noCopy,
      @JsonProperty("Labels") @Nullable Map<String, String> labels,
      @JsonProperty("Subpath") @Nullable String subpath,
      @JsonProperty("DriverConfig") @Nullable LogDriver driverConfig) {}

  /** {@code mode}: the file mode as a number; {@code options}: name, or name and value. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record TmpfsOptions(
      @JsonProperty("SizeBytes") @Nullable Long sizeBytes,
      @JsonProperty("Mode") @Nullable Long mode,
      @JsonProperty("Options") @Nullable List<List<String>> options) {}

  /** {@code test}: NONE, CMD and its arguments, or CMD-SHELL and a line; empty for the image's. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record HealthConfig(
      @JsonProperty("Test") @Nullable List<String> test,
      @JsonProperty("Interval") @Nullable Long interval,
      @JsonProperty("Timeout") @Nullable Long timeout,
      @JsonProperty("Retries") @Nullable Long retries,
      @JsonProperty("StartPeriod") @Nullable Long startPeriod,
      @JsonProperty("StartInterval") @Nullable Long startInterval) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Ulimit(
      @JsonProperty("Name") @Nullable String name,
      @JsonProperty("Soft") @Nullable Long soft,
      @JsonProperty("Hard") @Nullable Long hard) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Privileges(
      @JsonProperty("SELinuxContext") @Nullable SeLinuxContext seLinuxContext,
      @JsonProperty("Seccomp") @Nullable Seccomp seccomp,
      @JsonProperty("AppArmor") @Nullable AppArmor appArmor,
      @JsonProperty("NoNewPrivileges") @Nullable Boolean noNewPrivileges) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record SeLinuxContext(
      @JsonProperty("Disable") @Nullable Boolean disable,
      @JsonProperty("User") @Nullable String user,
      @JsonProperty("Role") @Nullable String role,
      @JsonProperty("Type") @Nullable String type,
      @JsonProperty("Level") @Nullable String level) {}

  /** {@code mode}: default, unconfined, custom; {@code profile}: base64, with custom. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Seccomp(
      @JsonProperty("Mode") @Nullable String mode,
      @JsonProperty("Profile") @Nullable String profile) {}

  /** {@code mode}: default, disabled. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record AppArmor(@JsonProperty("Mode") @Nullable String mode) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record DnsConfig(
      @JsonProperty("Nameservers") @Nullable List<String> nameservers,
      @JsonProperty("Search") @Nullable List<String> search,
      @JsonProperty("Options") @Nullable List<String> options) {}

  /** A driver with its options, of logs or of a volume. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record LogDriver(
      @JsonProperty("Name") @Nullable String name,
      @JsonProperty("Options") @Nullable Map<String, String> options) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Resources(
      @JsonProperty("Limits") @Nullable Limits limits,
      @JsonProperty("Reservations") @Nullable Reservations reservations) {}

  /** {@code nanoCpus}: billionths of a processor; 0 for no limit, as in every part. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Limits(
      @JsonProperty("NanoCPUs") @Nullable Long nanoCpus,
      @JsonProperty("MemoryBytes") @Nullable Long memoryBytes,
      @JsonProperty("Pids") @Nullable Long pids) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Reservations(
      @JsonProperty("NanoCPUs") @Nullable Long nanoCpus,
      @JsonProperty("MemoryBytes") @Nullable Long memoryBytes) {}

  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Platform(
      @JsonProperty("Architecture") @Nullable String architecture,
      @JsonProperty("OS") @Nullable String os) {}
}
