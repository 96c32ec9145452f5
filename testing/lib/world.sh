# SPDX-License-Identifier: Apache-2.0
# Sourced: a world of hosts. A world is a process (lib/init) called "wire" in namespaces of its own,
# which holds the nets; each host is one more such process inside it, with its own network, mounts,
# processes and name. Nothing has a name outside, so any number of worlds live side by side, and
# nothing can be left behind: a world ends with the one process of wire, and that with the process
# that began it (unless kept on purpose).
#
#	outside:  world_missing, world_begin, world_inside, world_end
#	inside:   world_up, on
. "$top/testing/lib/topology.sh"

world=${MS_WORLD:-} # its folder: HOST/ is the host's /run/modswan, HOST.pid the host's init

# Says on stdout why no world can be made here; nothing if one can.
world_missing() {
	local out
	if [ "$(id -u)" != 0 ]; then
		echo "not root"
	elif [ ! -c /dev/net/tun ]; then
		echo "no /dev/net/tun"
	elif ! out=$(unshare --net --mount --uts --pid --fork --mount-proc sh -c '
		mount -t tmpfs tmpfs /run && ip tuntap add mode tun name t0 &&
		ip link add b0 type bridge && ip link add v0 type veth peer name v1' 2>&1); then
		echo "no namespaces, tmpfs, TUN, bridge or veth: ${out//$'\n'/; }"
	fi
}

world_pid() {
	cat "$world/$1.pid"
}

# world_process NAME [COMMAND...]: starts NAME's init through COMMAND and waits until it is ready.
world_process() {
	local name=$1 dir=$world/$1 parent pid i
	shift
	mkdir -p "$dir"
	"$@" unshare --net --mount --uts --pid --fork --kill-child --mount-proc \
		"$top/testing/lib/init" "$name" "$dir" >"$dir/init.log" 2>&1 </dev/null &
	parent=$!
	for ((i = 0; i < 500; i++)); do
		if [ -e "$dir/.up" ] && pid=$(pgrep -P $parent); then
			rm -f "$dir/.up"
			echo "$pid" >"$world/$name.pid"
			return
		fi
		kill -0 $parent 2>/dev/null || break
		sleep 0.02
	done
	echo "$name did not come up: $(cat "$dir/init.log")" >&2
	return 1
}

# world_begin FOLDER [keep]: an empty world; "keep" lets it outlive this process.
world_begin() {
	world=$1
	export MS_WORLD=$world
	if [ -n "${2:-}" ]; then
		world_process wire setsid
	else
		world_process wire setpriv --pdeathsig KILL
	fi
}

world_inside() {
	nsenter -t "$(world_pid wire)" -m -u -n -p -r -w -- "$@"
}

# Ends every process of the world, and with them all namespaces; leaves its files, but no sockets.
world_end() {
	local pid
	[ -d "$world" ] || return 0
	if pid=$(world_pid wire 2>/dev/null) &&
	   # the number may be another's by now
	   grep -qzx "$world/wire" "/proc/$pid/cmdline" 2>/dev/null; then
		kill -KILL "$pid"
		while kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$pid/status"; do
			sleep 0.01
		done 2>/dev/null
	fi
	rm -f "$world"/*.pid
	find "$world" \( -type s -o -type p \) -delete
}

# Programs built with a sanitizer tell us in their host's folder; a leak is told, but is no reason to
# fail at once. liburcu is not built for the thread sanitizer: its own memory looks unordered.
sanitizer_options() {
	local common=log_path=/run/modswan/sanitizer:log_exe_name=1
	export ASAN_OPTIONS=$common:$sanitizer_tls
	export UBSAN_OPTIONS=$common:print_stacktrace=1
	export LSAN_OPTIONS=exitcode=0
	export TSAN_OPTIONS=$common:suppressions=$top/testing/lib/races:history_size=4
}

# on HOST COMMAND...: runs there, with this environment.
on() {
	local name=$1
	shift
	if [ "$name" = wire ]; then
		"$@"
	else
		nsenter -t "$(world_pid "$name")" -m -u -n -p -r -w -- "$@"
	fi
}

# world_up HOST...
world_up() {
	local name
	for name in "$@"; do
		world_process "$name" || return
	done
	sysctl -q net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	# before there are devices: some defaults count only then
	for name in "$@"; do
		topology_sysctls "$name" | on "$name" sysctl -q -p - || return
	done
	topology_wire "$@" | ip -batch - || return
	for name in "$@"; do
		topology_host "$name" | on "$name" ip -batch - || return
	done
}
