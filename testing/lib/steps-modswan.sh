# SPDX-License-Identifier: Apache-2.0
# Sourced by steps.sh: words about ModSwan's own programs.

# The instance of this host.
ipsec() {
	command ipsec --confdir "$confdir" --rundir "$rundir" "$@"
}

daemon_pid() {
	cat "$rundir/$1.pid"
}

daemon_runs() {
	local pid
	pid=$(daemon_pid "$1" 2>/dev/null) && [ -n "$pid" ] && ! gone "$pid"
}

modswan_start() {
	ipsec setup start
	daemon_runs klips || fail "klips is not there after ipsec setup start"
	daemon_runs pluto || fail "pluto is not there after ipsec setup start"
	ipsec setup status
}

# After pluto was killed: klips may still run, and goes on.
pluto_start() {
	ipsec setup start
	daemon_runs pluto || fail "pluto is not there after ipsec setup start"
}

modswan_stop() {
	ipsec setup stop
}

conn_loaded() {
	ipsec status | grep "\"$1\"" >/dev/null # not -q: the writer is to come to its end
}

# traffic CONN in|out: octets of its tunnel so far, as trafficstatus counts them; 0 without tunnel.
traffic() {
	ipsec trafficstatus |
		sed -nE "s/^006 .*\"$1\"(\[[0-9]+\][^,]*)?,.* $2Bytes=([0-9]+).*/\2/p" |
		awk '{ n += $1 } END { print n + 0 }'
}

no_tunnel() {
	! ipsec trafficstatus | grep "\"$1\""
}

# no_line LISTING REGEX: `ipsec LISTING` has none.  The kernel and the hooks are told of a tunnel's end
# after everybody else: wait_for it.
no_line() {
	! ipsec "$1" | grep -E -- "$2"
}

has_line() {
	ipsec "$1" | grep -E -- "$2"
}

no_address() {
	! ip -o address show | grep -F " $1/"
}

# tunnels NAME N: it has so many, those of its instances too.
tunnels() {
	[ "$(ipsec trafficstatus | grep -c "\"$1\"")" = "$2" ]
}

# eroute_packets SRC DST: the packet count of that eroute.
eroute_packets() {
	ipsec eroute | awk -v src="$1" -v dst="$2" '
		{ sub(/:0$/, "", $2); sub(/:0$/, "", $4) }
		$2 == src && $4 == dst { n += $1 } END { print n + 0 }'
}

# eroute_is SRC DST WHAT: there is that eroute, and it says so ("%pass", "%trap", "tun"...).
eroute_is() {
	ipsec eroute | awk -v src="$1" -v dst="$2" -v what="$3" '
		{ sub(/:0$/, "", $2); sub(/:0$/, "", $4) }
		$2 == src && $4 == dst && index($6, what) == 1 { found = 1 }
		END { exit !found }' || {
		ipsec eroute
		return 1
	}
}

eroute_is_not() {
	! eroute_is "$1" "$2" "" >/dev/null || {
		ipsec eroute
		return 1
	}
}

# What an instance could leave on a host: interfaces, addresses, routes, rules, sockets, files,
# processes. Log files are meant to stay. Link-local addresses and their routes come when duplicate
# address detection is through, at a time of their own.
host_snapshot() {
	echo "- interfaces"
	ip -o address show | awk '$4 !~ /^fe80:/ { print $2, $3, $4 }'
	ip -o link show | awk '{ print $2 }'
	echo "- routes and rules"
	ip -4 route show table all
	ip -6 route show table all | grep -v fe80:
	ip -4 rule
	ip -6 rule
	echo "- sockets"
	ss -Hlnutwx | awk '{ print $1, $5 }'
	echo "- files"
	find "$rundir" "$confdir" /run/lock /dev/shm ! -name '*.log' | sort
	echo "- processes"
	ps -eo args= | grep -vE -e 'testing/lib/(init|step)|^sleep 86400|^(ps -eo|grep -vE|diff )' \
		-e '^\[step\]( <defunct>)?$' || true
}

# instance NAME WORD...: the word, said to the instance whose files are in etc/NAME and run/NAME.
instance() {
	local confdir=$confdir/$1 rundir=$rundir/$1
	shift
	"$@"
}
