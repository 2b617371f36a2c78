#!/bin/sh
# The only process between a task and the system: it outlives the daemon and writes down how the
# task ended. Variables of the task are all around, so this trusts no PATH.
#
#   run DIR CGROUP NETNS HOSTNAME WORKDIR COMMAND...   the parent of a task, in a session of its own
#   inner DIR HOSTNAME WORKDIR COMMAND...              becomes the task, inside its namespaces
#   exec CGROUP WORKDIR TTY COMMAND...                 becomes a command beside a task
#   files ETC                                          binds the task's files over those of /etc
#
# DIR gets: run (a folder: somebody has begun), pid ("PID STARTTICKS BOOTID"), exit (the code).
# CGROUP and TTY may be "-": none.

join() {
  [ "$1" = - ] || echo 0 >"$1/cgroup.procs"
}

# bind ETC: what the node does not have cannot be covered, and is not missed.
bind() {
  for _file in resolv.conf hosts hostname; do
    [ ! -e "$1/$_file" ] || [ ! -e "/etc/$_file" ] ||
      /bin/mount --bind "$1/$_file" "/etc/$_file" || return 1
  done
}

case $1 in
  run)
    _dir=$2 _cgroup=$3 _netns=$4 _hostname=$5 _workdir=$6
    shift 6
    /bin/mkdir "$_dir/run" || exit 1
    join "$_cgroup"
    # Whoever ends a session or a terminal must not end the one who writes the exit code. Handled,
    # not ignored: ignored signals would stay ignored in the task.
    trap : HUP INT QUIT TERM USR1 USR2
    # Mounts of the node still come into the task, none of the task's goes out of it.
    /usr/bin/nsenter --net="$_netns" -- \
      /usr/bin/unshare --uts --mount --propagation slave -- \
      /bin/sh "$0" inner "$_dir" "$_hostname" "$_workdir" "$@"
    echo $? >"$_dir/exit.new"
    /bin/mv -f "$_dir/exit.new" "$_dir/exit"
    ;;
  inner)
    _dir=$2 _workdir=$4
    echo "$3" >/proc/sys/kernel/hostname || exit 1
    bind "$_dir/etc" || exit 1
    shift 4
    cd "$_workdir" || exit 1
    read -r _boot </proc/sys/kernel/random/boot_id
    read -r _stat </proc/self/stat
    _ticks=${_stat##*) }
    # Fields 3 to 21 of 22 go (proc(5)).
    _field=3
    while [ $_field -lt 22 ]; do
      _ticks=${_ticks#* }
      _field=$((_field + 1))
    done
    echo "$$ ${_ticks%% *} $_boot" >"$_dir/pid.new" || exit 1
    /bin/mv -f "$_dir/pid.new" "$_dir/pid" || exit 1
    exec "$@" </dev/null >>"$_dir/stdout.log" 2>>"$_dir/stderr.log"
    ;;
  files)
    bind "$2"
    ;;
  exec)
    _workdir=$3 _tty=$4
    join "$2"
    shift 4
    # The leader of a session takes the first terminal that it opens as its own.
    [ "$_tty" = - ] || exec <>"$_tty" >&0 2>&0
    cd "$_workdir" || exit 126
    exec "$@"
    ;;
esac
