# SPDX-License-Identifier: Apache-2.0
# Sourced: building out of tree under build/, each step only when its inputs changed.

# What configure and the makefiles are made of. A change runs autoreconf and configure again.
build_inputs() {
	(
		cd "$top" || exit
		cat configure.ac Makefile.am modswan.pc.in
		find m4 -name '*.m4' ! -name 'lt*.m4' ! -name libtool.m4 -print0 |
			sort -z | xargs -0 cat
		find src man testing -name '*.mk' -print0 | sort -z | xargs -0 cat
		# MS_PLUGIN leaves out a plugin that has no source yet
		find src/plugins -name '*.c' | sort
	) | sha256sum
}

build_autoreconf() {
	local inputs
	inputs=$(build_inputs)
	as_owner mkdir -p "$build"
	give_to_owner "$build"
	if [ -x "$top/configure" ] &&
	   [ "$(cat "$build/.autoreconf" 2>/dev/null)" = "$inputs" ]; then
		return
	fi
	say "making configure (autoreconf)"
	logged "$build/logs/autoreconf.log" as_owner autoreconf -fi "$top" || return
	as_owner tee "$build/.autoreconf" <<<"$inputs" >/dev/null
}

# build_configure NAME CONFIGURE-ARGUMENT...: configures build/NAME, if it is not so yet.
build_configure() {
	local name=$1 dir=$build/$1 want
	shift
	build_autoreconf || return
	want=$(printf '%s\n' "$@" && cat "$build/.autoreconf")
	[ "$(cat "$dir/.configured" 2>/dev/null)" = "$want" ] && return
	say "configuring build/$name"
	as_owner rm -rf "$dir"
	as_owner mkdir -p "$dir"
	logged "$build/logs/$name-configure.log" \
		as_owner env -C "$dir" "$top/configure" -q "$@" || return
	as_owner tee "$dir/.configured" <<<"$want" >/dev/null
}

# build_make NAME TARGET...
build_make() {
	local name=$1
	shift
	logged "$build/logs/$name-make-${1:-all}.log" as_owner make -C "$build/$name" -j"$jobs" "$@"
}

build_configure_obj() {
	build_configure obj --enable-plugins --prefix="$stage" --sysconfdir="$stage/etc" \
		--localstatedir="$stage/var" --runstatedir="$stage/run"
}

# The build that runs, installed in build/stage.
build_stage() {
	local before
	before=$(cat "$build/obj/.configured" 2>/dev/null)
	build_configure_obj || return
	say "building"
	build_make obj all || return
	# a stage of other inputs may hold files that are no more
	[ "$before" = "$(cat "$build/obj/.configured")" ] || as_owner rm -rf "$stage"
	if [ ! -e "$stage/.installed" ] ||
	   [ -n "$(find "$build/obj" "$top/src" "$top/include" "$top/man" \
			-newer "$stage/.installed" -type f -print -quit)" ]; then
		say "installing into ${stage#"$top"/}"
		build_make obj install || return
		as_owner touch "$stage/.installed"
	fi
}
