# Shared by the scripts of this folder; not run by itself.
#
# A cluster is a folder of state, $RUN, and one holder process per node. The holder is process 1 of
# its own PID namespace and keeps the network, mount, UTS and cgroup namespaces of the node alive:
#
#   n1..nN     a node each: eth0 with 10.99.0.N/24, default route over the client
#   client     10.99.0.254/24, in no cluster; also the outside world: 192.0.2.1 (RFC 5737) is here
#   underlay   the bridge between them; with --direct n1 and n2 are joined by one veth instead
#
# Nothing of a cluster is in the host's own namespaces, so the end of the holders is the end of every
# process, device, mount and namespace in it, tasks that outlived their meshd included. What is left
# then is $RUN and one branch of the cgroup tree.
#
# MESHD_CLUSTER names the cluster (default "default"); clusters with different names, or of different
# checkouts, cannot meet.

TC=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CLUSTER=${MESHD_CLUSTER:-default}
RUN=$TC/.run/$CLUSTER
MARK=meshd-cluster:$RUN
SOCKET=/run/meshd/meshd.sock
PREFIX=10.99.0
CLIENT_IP=$PREFIX.254
OUTSIDE_IP=192.0.2.1

say() { printf '%s\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

[[ $CLUSTER =~ ^[a-zA-Z0-9][a-zA-Z0-9_-]{0,40}$ ]] ||
  die "MESHD_CLUSTER must be letters, digits, - and _: $CLUSTER"

# The comment at the head of a script is its help.
help_wanted() {
  case ${1:-} in
    -h | --help) awk 'NR > 1 { if (!/^#/) exit; sub("^# ?", ""); print }' "$0"; exit ;;
  esac
}

need_root() {
  [ "$(id -u)" = 0 ] || die "must be run as root: it makes network namespaces and devices"
}

# need_packages NAME...: installs those that dpkg does not know as installed, and says which first.
need_packages() {
  local missing=() p
  for p in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || die "these Debian packages are missing: ${missing[*]}"
  say "installing Debian packages: ${missing[*]}"
  # RUNLEVEL=1: servers among them are not to be started (invoke-rc.d).
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; } ||
    die "apt-get could not install: ${missing[*]}"
}
# What meshd itself calls, what the scripts call, what the demo's pages are served with.
BASE_PACKAGES="iproute2 nftables iputils-ping procps curl ca-certificates busybox"
# For --docker. The docker on the PATH is the client, which need not be Debian's.
DOCKER_PACKAGES="docker.io iptables"
# What the tests and the benchmarks call beside that.
TEST_PACKAGES="$BASE_PACKAGES $DOCKER_PACKAGES python3-docker docker-compose debootstrap ethtool iperf3 jq tcpdump tshark haproxy strace libfaketime hey nginx-light prometheus redis-server memcached dnsmasq-base bind9-dnsutils conntrack serf docker-registry apache2-utils"

# Exports JAVA_HOME for a JDK 25, so that Maven itself runs on it too.
need_jdk() {
  local d
  for d in "${JAVA_HOME:-}" "$(readlink -f "$(command -v javac 2>/dev/null)" 2>/dev/null | sed 's,/bin/javac$,,')" \
    /usr/lib/jvm/* /opt/*jdk* /opt/java/* /usr/local/*jdk* "${HOME:-/root}"/.sdkman/candidates/java/* "${HOME:-/root}"/.jdks/*; do
    [ -x "$d/bin/javac" ] && grep -qs '^JAVA_VERSION="25[".]' "$d/release" || continue
    export JAVA_HOME=$d
    return
  done
  die "no JDK 25 found: install one (for example Temurin 25) and set JAVA_HOME to its folder"
}

build() { # builds what is missing or older than its source; MESHD_BUILT=1 says that it need not look
  [ -z "${MESHD_BUILT:-}" ] || return 0
  local stamp=$TC/target/.built
  if [ -e "$stamp" ] && [ -z "$(find "$TC/.." -newer "$stamp" \( -name '*.java' -o -name pom.xml \) \
    -not -path '*/target/*' -not -path '*/src/test/*' -print -quit)" ]; then return; fi
  say "building meshd (the first time this downloads Maven and the libraries)"
  # Not clean, and without the tests: they are what test-cluster/verify is for.
  (cd "$TC/.." && MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}" ./mvnw -q -B package -Dmaven.test.skip=true -Dspotless.check.skip=true) >&2 || die "the build failed"
  # What only makes the next start faster must not keep anybody from it.
  "$TC/lib/train" >"$TC/target/train.log" 2>&1 || say "no AOT cache was made (see $TC/target/train.log): meshd will start slower"
  touch "$stamp"
}

# --- holders -------------------------------------------------------------------------------------

start_time() { # PID: clock ticks since boot at its start, which makes a pid unique
  local s
  s=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  s=${s##*) }
  set -- $s
  echo "${20}"
}

# holder NODE: pid of the node's process 1 as the host sees it; fails when the node is not there.
holder() {
  local pid started
  read -r pid started 2>/dev/null <"$RUN/$1/holder" || return 1
  [ "$(start_time "$pid")" = "$started" ] || return 1
  echo "$pid"
}

nodes() { # n1..nN that `up` made, running or not
  local d
  for d in $(ls -d "$RUN"/n[0-9]* 2>/dev/null | sort -V); do basename "$d"; done
}

need_node() {
  [ -d "$RUN" ] || die "there is no cluster: make one with test-cluster/up"
  [ -d "$RUN/$1" ] || die "no such node: $1 (there are: $(nodes | tr '\n' ' ')client)"
}

ip_of() { echo "$PREFIX.${1#n}"; }

# boot NODE: makes the namespaces of a node, or of the client or the underlay.
boot() {
  local node=$1 i
  holder "$node" >/dev/null && return
  mkdir -p "$RUN/$node"
  rm -f "$RUN/$node/holder" "$RUN/$node/meshd.pid"
  local cgroup
  if cgroup=$(cgroup_root); then mkdir -p "$cgroup/$node"; fi
  (
    enter_cgroup "$node"
    exec setsid unshare --fork --pid --mount --uts --net --cgroup --propagation private -- \
      env -i PATH="$PATH" bash "$TC/lib/node-init" "$MARK" "$node" "$RUN/$node" "$OUTSIDE_IP" \
      </dev/null >"$RUN/$node/boot.log" 2>&1
  ) &
  for ((i = 0; i < 500; i++)); do
    [ -e "$RUN/$node/holder" ] && return
    kill -0 $! 2>/dev/null || break
    sleep 0.01
  done
  [ -e "$RUN/$node/holder" ] || die "could not make the namespaces of $node: $(tail -n 3 "$RUN/$node/boot.log")"
}

cgroup_root() { # this cluster's branch, named by the folder so that checkouts do not meet
  local mount
  mount=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
  [ -n "$mount" ] && [ -w "$mount" ] || return 1
  echo "$mount/meshd-cluster-$(printf %s "$RUN" | cksum | cut -d' ' -f1)"
}

# enter_cgroup NODE: puts the calling shell, and what it starts, into the node's branch of the tree.
enter_cgroup() {
  local cgroup
  cgroup=$(cgroup_root) && [ -d "$cgroup/$1" ] || return 0
  echo "$BASHPID" >"$cgroup/$1/cgroup.procs" 2>/dev/null || true
}

# power_off NODE: ends the node and all in it at once, as if the plug were pulled; its data stays.
power_off() {
  local pid i
  pid=$(holder "$1") || return 0
  kill -KILL "$pid" 2>/dev/null || true
  for ((i = 0; i < 1000; i++)); do
    [ "$(start_time "$pid")" ] || { rm -f "$RUN/$1/holder"; return 0; }
    sleep 0.01
  done
  die "$1 (pid $pid) does not end"
}

# --- links ---------------------------------------------------------------------------------------

# wire NODE: joins eth0 of the node to the bridge and gives it its address.
wire() {
  local node=$1 addr=$2 pid underlay
  pid=$(holder "$node")
  underlay=$(holder underlay)
  # The kernel takes the namespaces of a node without power apart when it has time: its port may be there.
  nsenter -t "$underlay" -n ip link del "$node" 2>/dev/null || true
  nsenter -t "$underlay" -n ip link add "$node" type veth peer name eth0 netns "$pid" ||
    die "could not join $node to the underlay"
  nsenter -t "$underlay" -n ip link set "$node" master br0 up
  offloads underlay "$node" port
  address "$node" "$addr"
}

# wire_direct: n1 and n2 joined by one veth, as two machines by one cable.
wire_direct() {
  nsenter -t "$(holder n1)" -n ip link add eth0 type veth peer name eth0 netns "$(holder n2)"
  address n1 "$(ip_of n1)"
  address n2 "$(ip_of n2)"
}

address() { # NODE ADDRESS
  nsenter -t "$(holder "$1")" -n ip -batch - <<EOF
addr add $2/24 brd + dev eth0
link set eth0 up
$([ "$1" = client ] && echo "addr add $OUTSIDE_IP/32 dev lo" || echo "route add default via $CLIENT_IP")
EOF
  offloads "$1" eth0 nic
}

# offloads NAMESPACE DEVICE nic|port: what the wire can offload, WIRE=plain|notunnel|full (unset: full).
#   plain     every frame is cut to the MTU before it leaves, as by a NIC that segments nothing; GRO on
#   notunnel  no segmentation of tunnelled packets, as a NIC with USO but without VXLAN offload
#   full      what a veth offers
# The bridge's own ports pass on what they get: no joining of frames in the middle of the wire.
offloads() {
  local wire off
  wire=$(cat "$RUN/wire")
  [ "$wire" = full ] && return
  off="tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off"
  if [ "$wire" = plain ]; then
    off="$off tx-udp-segmentation off tso off"
    [ "$3" = port ] || off="$off gro on"
  fi
  # shellcheck disable=SC2086
  nsenter -t "$(holder "$1")" -n ethtool -K "$2" $off >/dev/null 2>&1 ||
    die "ethtool refused the settings of wire $wire on $2 of $1"
}

# --- meshd ---------------------------------------------------------------------------------------

# meshd_pid NODE: pid as seen inside the node; fails when it does not run.
meshd_pid() {
  local host
  host=$(meshd_host_pid "$1") || return 1
  awk '/^NSpid:/ {print $NF}' "/proc/$host/status"
}

meshd_host_pid() { host_pid "$1" meshd; }

# host_pid NODE PROGRAM: of what start_program started; fails when it does not run.
host_pid() {
  local pid started
  read -r pid started 2>/dev/null <"$RUN/$1/$2.pid" || return 1
  [ "$(start_time "$pid")" = "$started" ] || return 1
  echo "$pid"
}

# start_program NODE PROGRAM COMMAND...: starts it inside, unless it runs; its output goes to
# PROGRAM.log. Does not wait. $VARIABLES: of its environment.
start_program() {
  local node=$1 program=$2 i pid
  shift 2
  host_pid "$node" "$program" >/dev/null && return
  rm -f "$RUN/$node/$program.pid"
  pid=$(holder "$node") || die "$node is not up"
  (enter_cgroup "$node" && exec nsenter -t "$pid" --mount --root --wd --uts --net --pid --cgroup -- \
    env -i HOME=/root PATH="$TC/bin:$PATH" LANG=C.UTF-8 "${VARIABLES[@]}" \
    setsid bash "$TC/lib/launch" "$RUN/$node/$program" "$@" 9</proc)
  for ((i = 0; i < 300; i++)); do
    [ -s "$RUN/$node/$program.pid" ] && return
    sleep 0.01
  done
  die "$program of $node was not started: $(tail -n 3 "$RUN/$node/$program.log")"
}

# start_meshd NODE: starts it; does not wait.
start_meshd() {
  # shellcheck disable=SC2207
  local VARIABLES=(JAVA_HOME="$JAVA_HOME" ${MESHD_OPTS:+"MESHD_OPTS=$MESHD_OPTS"} $(cat "$RUN/env" 2>/dev/null || true))
  # shellcheck disable=SC2046
  start_program "$1" meshd "$TC/bin/meshd" --metrics-addr "$PREFIX.${1#n}:9323" $(cat "$RUN/flags" 2>/dev/null || true)
}

# await_meshd NODE: until its API answers, and its membership is there if it had one before.
await_meshd() {
  local node=$1 i pid host
  pid=$(holder "$node")
  host=$(meshd_host_pid "$node" || echo 0)
  for ((i = 0; i < 600; i++)); do
    if curl -fs -m 5 --unix-socket "/proc/$pid/root$SOCKET" http://meshd/_ping >/dev/null 2>&1; then return; fi
    [ "$host" != 0 ] && [ -d "/proc/$host" ] ||
      die "meshd of $node ended at once: $(tail -n 5 "$RUN/$node/meshd.log")"
    sleep 0.05
  done
  die "meshd of $node does not answer; its log is $RUN/$node/meshd.log"
}

# end_meshd NODE SIGNAL: and waits until it is gone.
end_meshd() { end_program "$1" meshd "$2"; }

# end_program NODE PROGRAM SIGNAL
end_program() {
  local pid i
  pid=$(host_pid "$1" "$2") || { rm -f "$RUN/$1/$2.pid"; return 0; }
  kill "-$3" "$pid" 2>/dev/null || true
  for ((i = 0; i < 1500; i++)); do
    case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in "" | Z*) rm -f "$RUN/$1/$2.pid"; return 0 ;; esac
    sleep 0.02
  done
  die "$2 of $1 (pid $pid) does not end on SIG$3"
}

# --- Docker --------------------------------------------------------------------------------------

# start_docker NODE: its own containerd and dockerd, whose data are in the node's folder. Returns when
# dockerd answers.
start_docker() {
  local node=$1 data=$RUN/$1/docker pid
  local VARIABLES=()
  mkdir -p "$data"
  pid=$(holder "$node") || die "$node is not up"
  start_program "$node" containerd containerd --root "$data/containerd" --state /run/containerd \
    --address /run/containerd/containerd.sock
  await_answer "$node" containerd test -S "/proc/$pid/root/run/containerd/containerd.sock"
  # meshd answers names there, for containers on its networks and on others.
  # Its storage driver is what the file system below can bear: overlay2, or vfs. A registry on the
  # client speaks plain HTTP.
  start_program "$node" dockerd dockerd --data-root "$data/data" --exec-root /run/docker \
    --pidfile /run/docker.pid --host unix:///run/docker.sock \
    --containerd /run/containerd/containerd.sock --dns 169.254.53.53 \
    --insecure-registry "$CLIENT_IP:5000"
  await_answer "$node" dockerd \
    curl -fs -m 5 --unix-socket "/proc/$pid/root/run/docker.sock" -o /dev/null http://docker/_ping
}

await_answer() { # NODE PROGRAM COMMAND...: until the command succeeds
  local node=$1 program=$2 i
  shift 2
  for ((i = 0; i < 1200; i++)); do
    ! "$@" 2>/dev/null || return 0
    host_pid "$node" "$program" >/dev/null ||
      die "$program of $node ended at once: $(tail -n 5 "$RUN/$node/$program.log")"
    sleep 0.05
  done
  die "$program of $node does not answer; its log is $RUN/$node/$program.log"
}

# end_docker NODE SIGNAL: dockerd, and with TERM containerd too.
end_docker() {
  end_program "$1" dockerd "$2"
  [ "$2" != TERM ] || end_program "$1" containerd TERM
}

meshctl() { # NODE ARGS...
  local node=$1
  shift
  "$TC/exec" "$node" meshctl "$@"
}
