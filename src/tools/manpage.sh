#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# manpage.sh IPSEC PAGE.in: the page with these lines filled in from the program's own tables:
#	@@commands@@			the subcommands
#	@@options COMMAND [FROM [TO]]@@	a subcommand's options, from one to another
ipsec=$1
while IFS= read -r line; do
	case $line in
	@@commands@@)
		"$ipsec" --options mdoc || exit 1
		;;
	@@options\ *@@)
		line=${line#@@options }
		line=${line%@@}
		command=${line%% *}
		range=
		[ "$command" = "$line" ] || range=${line#* }
		# shellcheck disable=SC2086 # one word or two
		"$ipsec" "$command" --options mdoc $range || exit 1
		;;
	*)
		printf '%s\n' "$line"
		;;
	esac
done <"$2"
