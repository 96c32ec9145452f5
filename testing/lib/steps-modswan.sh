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
	mkdir -p "$rundir"
	ipsec setup start
	wait_for 10 daemon_runs klips
	wait_for 10 daemon_runs pluto
	wait_for 10 ipsec status
}

modswan_stop() {
	ipsec setup stop
}
