# SPDX-License-Identifier: Apache-2.0
# Sourced inside an empty world: makes the hosts of a scenario with their files. Its folder has
#
#	description.txt		title, then the purpose
#	hosts			if they are not the four of a tunnel
#	base			name of the scenario folder whose setup and files are used too
#	settings.sh		sourced first: variables that the base heeds
#	setup.sh		sourced after the base's: keys, more variables
#	HOST/			the host's files, see install_files
#	NN-PLACE-what.sh	the steps, see lib/scenario
#	variants		see testing/run
. "$top/testing/lib/world.sh"
. "$top/testing/lib/keys.sh"
. "$top/testing/lib/certs.sh"

# instantiate TEMPLATE FILE: @variable@ becomes its value.
instantiate() {
	local text variable
	text=$(cat "$1"; echo x)
	while [[ $text =~ @([a-z_0-9]+)@ ]]; do
		variable=${BASH_REMATCH[1]}
		[ -n "${!variable+set}" ] || die "$1 wants @$variable@, which no one sets"
		text=${text//"@$variable@"/${!variable}}
	done
	printf '%s' "${text%x}" >"$2"
	chmod --reference="$1" "$2"
}

# install_files FOLDER: its HOST/ becomes the host's /run/modswan/etc; "west+east/" is for both.
install_files() {
	local folder=$1 source host target file
	for source in "$folder"/*/; do
		[ -d "$source" ] || continue # the pattern itself: there is none
		source=${source%/}
		while IFS= read -r file; do
			for host in $(tr + ' ' <<<"${source##*/}"); do
				target=$world/$host/etc/${file#"$source/"}
				mkdir -p "${target%/*}"
				instantiate "$file" "$target" || return
				[[ $file != *secrets ]] || chmod 600 "$target"
			done
		done < <(find "$source" -type f)
	done
}

# manual_example SCENARIO HOST: what the manual pages have as examples for it, so that they are run:
# the lines after a comment "example: SCENARIO HOST..."
manual_example() {
	awk -v scenario="$1" -v host="$2" '
		/^\.\\" end/ { on = 0 }
		on && !/^\./
		/^\.\\" example: / {
			on = 0
			for (i = 4; i <= NF && $3 == scenario; i++)
				on = on || $i == host
		}' "$top"/man/*.5 | grep . ||
		die "no manual page has an example for $2 of $1"
}

# scenario_make FOLDER SETTINGS
scenario_make() {
	local host file base
	export scenario=$1
	sanitizer_options
	base=$(cat "$scenario/base" 2>/dev/null) && base=$top/testing/scenarios/$base
	hosts=$(cat "$scenario/hosts" 2>/dev/null || echo sunset west east sunrise)
	# shellcheck disable=SC2086
	world_up $hosts || return
	for host in $hosts; do
		mkdir -p "$world/$host/etc" "$world/$host/run"
	done
	set -a
	eval "$2"
	# settings before the base's setup, which fills in what nobody set
	for file in "$scenario/settings.sh" ${base:+"$base/setup.sh"} "$scenario/setup.sh"; do
		[ ! -e "$file" ] || . "$file" || return
	done
	set +a
	for file in ${base:+"$base"} "$scenario"; do
		install_files "$file" || return
	done
}
