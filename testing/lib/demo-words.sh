# SPDX-License-Identifier: Apache-2.0
# Sourced by what testing/demo shows.

there() {
	host=$1 "$top/testing/lib/visit" "${@:2}"
}

# show HOST COMMAND...: as if typed on that host.
show() {
	printf '\n%s# %s\n' "$1" "${*:2}"
	there "$@" 2>&1 | cut -c -110 | sed 's/^/  /'
	[ "${PIPESTATUS[0]}" = 0 ] || failed "$1: ${*:2}"
}

failed() {
	printf '\nThe demonstration failed at: %s\n' "$1"
	for host in west east; do
		printf '\n%s: the end of pluto.log\n' $host
		tail -n 20 "$world/$host/run/pluto.log" 2>/dev/null | sed 's/^/  /'
	done
	printf '\nAll logs: %s/\n' "${world#"$top"/}"
	exit 1
}
