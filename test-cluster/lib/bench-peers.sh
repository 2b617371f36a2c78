# Sourced by bench-overlay: other overlays in userspace, between the same two nodes, each with its own
# addresses on the cable's n1 and n2. A peer is up for its own figures only.

peer_packages() {
  local p
  for p in $PEERS; do
    case $p in
      ovs) echo openvswitch-switch ;;
      wireguard) echo wireguard-go wireguard-tools ;;
      nebula | tinc) echo "$p" ;;
      *) die "no such overlay: $p (there are: ovs wireguard nebula tinc)" ;;
    esac
  done
}

on() { "$TC/exec" "$@"; }
folder() { echo "$RUN/$1/peer-$2"; } # NODE PEER: what it keeps of itself

# Each is up_PEER, which leaves its far end at 10.251.0.2, and down_PEER.

up_wireguard() {
  local i d
  for i in 1 2; do
    d=$(folder n$i wireguard)
    mkdir -p "$d"
    (umask 077; wg genkey >"$d/key")
    wg pubkey <"$d/key" >"$d/public"
  done
  for i in 1 2; do
    on n$i env LOG_LEVEL=error wireguard-go wgpeer >/dev/null 2>&1
    on n$i wg set wgpeer listen-port 51820 private-key "$(folder n$i wireguard)/key" \
      peer "$(cat "$(folder n$((3 - i)) wireguard)/public")" endpoint "$PREFIX.$((3 - i)):51820" allowed-ips "10.251.0.$((3 - i))/32"
    on n$i sh -c "ip addr add 10.251.0.$i/24 dev wgpeer && ip link set wgpeer mtu 1420 up"
  done
}
down_wireguard() { for_both ip link del wgpeer; }

up_nebula() {
  local i d=$RUN/peer-nebula
  nebulas=()
  mkdir -p "$d"
  [ -e "$d/ca.crt" ] || (cd "$d" && nebula-cert ca -name bench && for i in 1 2; do nebula-cert sign -name n$i -ip 10.251.0.$i/24; done) >/dev/null
  for i in 1 2; do
    cat >"$d/n$i.yml" <<EOF
pki: {ca: $d/ca.crt, cert: $d/n$i.crt, key: $d/n$i.key}
static_host_map: {"10.251.0.$((3 - i))": ["$PREFIX.$((3 - i)):4242"]}
lighthouse: {am_lighthouse: $([ $i = 1 ] && echo "true, hosts: []" || echo 'false, hosts: ["10.251.0.1"]')}
listen: {host: 0.0.0.0, port: 4242}
tun: {dev: nebpeer, mtu: 1300}
logging: {level: error, format: text}
firewall: {outbound: [{port: any, proto: any, host: any}], inbound: [{port: any, proto: any, host: any}]}
EOF
    (exec "$TC/exec" n$i nebula -config "$d/n$i.yml") >/dev/null 2>&1 &
    nebulas+=($!)
  done
}
down_nebula() {
  kill "${nebulas[@]}"
  wait "${nebulas[@]}" || true
}

up_tinc() {
  local i o d
  for i in 1 2; do
    o=$((3 - i)) d=$(folder n$i tinc)
    mkdir -p "$d/hosts"
    printf 'Name = n%s\nMode = switch\nDeviceType = tap\nInterface = tincpeer\nCipher = none\nDigest = none\n%s\n' \
      $i "$([ $i = 1 ] || echo 'ConnectTo = n1')" >"$d/tinc.conf"
    printf '#!/bin/sh\nip addr add 10.251.0.%s/24 dev $INTERFACE; ip link set $INTERFACE mtu 1450 up\n' $i >"$d/tinc-up"
    chmod +x "$d/tinc-up"
    printf 'Address = %s.%s\nCipher = none\nDigest = none\n' "$PREFIX" $i >"$d/hosts/n$i"
    tincd -c "$d" -K 2048 </dev/null >/dev/null 2>&1
  done
  for i in 1 2; do cp "$(folder n$i tinc)/hosts/n$i" "$(folder n$((3 - i)) tinc)/hosts/"; done
  for i in 1 2; do on n$i tincd -c "$(folder n$i tinc)" --pidfile=/run/tinc.pid --logfile="$(folder n$i tinc)/log"; done
}
down_tinc() { for_both sh -c 'kill $(cat /run/tinc.pid)'; }

# Its datapath in userspace (netdev) owns its end of the cable, so it has a cable of its own.
up_ovs() {
  local i d
  nsenter -t "$(holder n1)" -n ip link add ovscable type veth peer name ovscable netns "$(holder n2)"
  for i in 1 2; do
    d=$(folder n$i ovs)
    rm -rf "$d"
    mkdir -p "$d"
    nsenter -t "$(holder n$i)" -n ip link set ovscable up
    offloads n$i ovscable nic
    ovsdb-tool create "$d/conf.db" /usr/share/openvswitch/vswitch.ovsschema
    ovs n$i ovsdb-server "$d/conf.db" --remote="punix:$d/db.sock" --pidfile="$d/db.pid" --detach --log-file="$d/db.log"
    ovs n$i ovs-vsctl --db="unix:$d/db.sock" --no-wait init
    ovs n$i ovs-vswitchd "unix:$d/db.sock" --pidfile="$d/vs.pid" --detach --log-file="$d/vs.log"
    ovs n$i ovs-vsctl --db="unix:$d/db.sock" \
      -- add-br brcable -- set bridge brcable datapath_type=netdev -- add-port brcable ovscable \
      -- add-br brends -- set bridge brends datapath_type=netdev \
      -- add-port brends vxpeer -- set interface vxpeer type=vxlan options:remote_ip=10.252.0.$((3 - i)) options:key=42 \
      -- add-port brends ovspeer -- set interface ovspeer type=internal
    on n$i sh -c "ip addr add 10.252.0.$i/24 dev brcable; ip link set brcable mtu 1500 up
      ip link set ovspeer mtu 1450 up; ip addr add 10.251.0.$i/24 dev ovspeer"
  done
}
ovs() { # NODE COMMAND...
  local d
  d=$(folder "$1" ovs)
  on "$1" env OVS_RUNDIR="$d" OVS_DBDIR="$d" OVS_SYSCONFDIR="$d" "${@:2}" 2>/dev/null
}
down_ovs() {
  local i d
  for i in 1 2; do
    d=$(folder n$i ovs)
    ovs n$i ovs-vsctl --db="unix:$d/db.sock" -- del-br brcable -- del-br brends
    on n$i kill "$(cat "$d/vs.pid")" "$(cat "$d/db.pid")"
  done
  nsenter -t "$(holder n1)" -n ip link del ovscable
}

for_both() { on n1 "$@" && on n2 "$@"; }

peer_tcp() { # STREAMS: Gbit/s, from n1 itself
  on n1 iperf3 -J --connect-timeout 5000 -c 10.251.0.2 -t "$T" -P "$1" | jq '.end.sum_received.bits_per_second/1e9'
}

# compare_peers: meshd and each peer in turns, and meshd over the best of them.
compare_peers() {
  local round peer i
  for ((round = 0; round < ROUNDS; round++)); do
    for peer in $PEERS; do
      "up_$peer"
      for ((i = 0; i < 100; i++)); do ! on n1 ping -q -c 1 -W 0.2 10.251.0.2 >/dev/null 2>&1 || break; done
      on n2 iperf3 -s -D -I /run/iperf3.pid >/dev/null
      note "$peer" tcp1 "$(peer_tcp 1)"
      note "$peer" tcp4 "$(peer_tcp 4)"
      on n2 sh -c 'kill $(cat /run/iperf3.pid)'
      "down_$peer"
    done
  done
  printf '%-12s %14s %14s\n' "on plain" "tcp1 Gbit/s" "tcp4 Gbit/s"
  for peer in meshd $PEERS; do
    printf '%-12s %14.2f %14.2f\n' "$peer" "$(mean "$peer" tcp1)" "$(mean "$peer" tcp4)"
  done
  for i in tcp1 tcp4; do
    for peer in $PEERS; do mean "$peer" $i; done | sort -gr | head -n 1 |
      awk -v m="$(mean meshd $i)" -v f=$i '{printf "ratio plain %s_over_best_userspace %.1f\n", f, m / $1}'
  done
}

mean() { awk '{s += $1} END {print s / NR}' "$RUN/figures-$1-$2"; }
