#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every option of every command, as the commands' own tables list them: --x=VALUE is the same as
# --x VALUE, a refused value is answered with the option's name and the value, an option without a
# value takes none, and nothing unknown is taken.  A word that nobody knows ends each line, so that
# no command does anything.
set -u
dir=$(mktemp -d) || exit 99
failed=0 checks=0
trap 'rm -rf "$dir"' EXIT
end=--no-such-option
# libtool's wrapper takes longer than the program
ipsec=./ipsec
if [ -x .libs/ipsec ]; then
	ipsec=.libs/ipsec
	export LD_LIBRARY_PATH=$PWD/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi

complain() {
	failed=$((failed + 1))
	echo "FAIL: ipsec $command $1"
	sed 's/^/	/' "$dir/first"
}

# run FILE WORD...: what the command says, and its exit status
run() {
	local out=$1
	shift
	"$ipsec" --confdir "$dir" --rundir "$dir" "$command" "$@" >"$dir/$out" 2>&1 </dev/null
	echo "status $?" >>"$dir/$out"
}

# Secrets are not shown, whatever is wrong with them.
is_secret() { case $1 in --authkey | --enckey | --iv) ;; *) false ;; esac; }

# with_value OPTION VALUE
with_value() {
	local option=$1 value=$2
	run first "$option" "$value" "$end"
	run second "$option=$value" "$end"
	checks=$((checks + 2))
	cmp -s "$dir/first" "$dir/second" || complain "$option $value differs from $option=$value"
	case $(head -n 1 "$dir/first") in
	*"unknown option \`$end'"* | *"$option is known from the family"*) return ;;
	esac
	grep -qFe "$option" "$dir/first" || complain "$option $value: the option is not named"
	if is_secret "$option"; then
		! grep -qFe "$value" "$dir/first" || complain "$option $value: the value is shown"
	else
		grep -qFe "$value" "$dir/first" || complain "$option $value: the value is not named"
	fi
	refused="$refused $command$option"
}

without_value() {
	run first "$1=x" "$end"
	checks=$((checks + 1))
	grep -qFe "option \`$1' takes no value, not \"x\"" "$dir/first" || complain "$1=x is taken"
}

refused='' seen=''
for command in $("$ipsec" --options mdoc | sed -n 's/^\.It Cm \([a-z_]*\).*/\1/p'); do
	"$ipsec" "$command" --options >"$dir/options" 2>&1 || continue
	grep -q '^--' "$dir/options" || continue
	seen="$seen $command"
	while read -r option value _; do
		case $value in
		'' | '(hidden)') without_value "$option" ;;
		*)
			with_value "$option" 'x?y'
			[ "${value#\[}" != "$value" ] && continue
			run first "$option"
			checks=$((checks + 1))
			grep -qFe "option \`$option' needs a value: $value" "$dir/first" ||
				complain "$option without a value is taken"
			;;
		esac
	done <"$dir/options"
done

# The loops above have seen something.
for command in addconn auto eroute policy spi tncfg whack; do
	case " $seen " in *" $command "*) ;; *) : >"$dir/first"; complain 'was not looked at' ;; esac
done
for item in spi--saref spi--life eroute--src ikeping--wait whack--mtu newhostkey--bits; do
	command=$item
	case " $refused " in *" $item "*) ;; *) : >"$dir/first"; complain 'was never refused' ;; esac
done

# An option whose value may be left out.
command=spi
run first --saref=16 "$end"
grep -q "unknown option \`$end'" "$dir/first" || complain '--saref=16'
run first --saref "$end"
grep -q "unknown option \`$end'" "$dir/first" || complain '--saref'
echo "$checks checks, $failed failed"
exit $((failed > 0))
