# SPDX-License-Identifier: Apache-2.0
# Sourced by every program in testing/: places, messages, who owns what we build.
set -u
export LC_ALL=C.UTF-8
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
build=$top/build
stage=${MS_STAGE:-$build/stage}
logs=${MS_LOGS:-$build/test-logs}
jobs=$(nproc)
# The leak sanitizer guesses the place of memory that a dlopen'd library has for each thread, where it
# happens to lie so by an allocator's header of older libcs, and then dies of what it reads there.
sanitizer_tls=intercept_tls_get_addr=0
export top stage

started=$SECONDS
quiet=

# A progress line: what is going to take time, with the seconds since the program started.
say() {
	[ -n "$quiet" ] || printf '[%3ds] %s\n' $((SECONDS - started)) "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# logged FILE COMMAND...: output goes to FILE; on failure its end is shown.
logged() {
	local file=$1 rc
	shift
	mkdir -p "${file%/*}"
	rm -f "$file"
	: >"$file"
	give_to_owner "${file%/*}" # the next run may be its owner's
	"$@" >"$file" 2>&1 </dev/null && return
	rc=$?
	printf '%s: this failed (status %d): %s\n' "${0##*/}" "$rc" "$*" >&2
	tail -n 40 "$file" | sed 's/^/    /' >&2
	printf '    the whole output: %s\n' "$file" >&2
	return "$rc"
}

need_root() {
	[ "$(id -u)" = 0 ] || die "network namespaces need root: sudo testing/${0##*/} $*"
}

# as_owner COMMAND...: root hands what only builds to the owner of the tree, so that a build started
# through sudo leaves no file that its owner cannot remove.
as_owner() {
	local uid gid home
	uid=$(stat -c %u "$top") gid=$(stat -c %g "$top")
	if [ "$(id -u)" != 0 ] || [ "$uid" = 0 ] ||
	   ! setpriv --reuid "$uid" --regid "$gid" --clear-groups test -w "$top"; then
		"$@"
		return
	fi
	home=$(getent passwd "$uid" | cut -d: -f6)
	HOME=${home:-/} setpriv --reuid "$uid" --regid "$gid" --clear-groups "$@"
}

# give_to_owner PATH...: the same for what had to be written by root.
give_to_owner() {
	[ "$(id -u)" != 0 ] || chown -R --reference="$top" "$@"
}
