#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The command as people call it: exit codes, messages, what it asks the daemons for. The daemons are
# stand-ins (src/tools/fake); where the service is started, this needs root.
# shellcheck disable=SC2016,SC2086 # dollars are meant as they stand; $ends is a list of words
set -u
ipsec=$PWD/ipsec
fake=$PWD/src/tools/fake
dir=$(mktemp -d) || exit 99
conf=$dir/etc run=$dir/run
mkdir "$conf" "$run"
unset IPSEC_CONFS IPSEC_RUNDIR IPSEC_EXECDIR IPSEC_SBINDIR
failed=0 checks=0

finish() {
	trap - EXIT
	for pid in $(cat "$run"/*.pid 2>/dev/null); do kill "$pid" 2>/dev/null; done
	rm -rf "$dir"
	echo "$checks checks, $failed failed"
	exit $((failed > 0))
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

# call STATUS WORD...: runs the command; its outputs are in $dir/out and $dir/err.
call() {
	want=$1
	shift
	checks=$((checks + 1))
	words=$*
	IPSEC_EXECDIR=$fake "$ipsec" --confdir "$conf" --rundir "$run" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got -eq "$want" ] || complain "exit status $got, not $want"
}

# The same without folders.
bare() {
	want=$1
	shift
	checks=$((checks + 1))
	words=$*
	"$ipsec" "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ $got -eq "$want" ] || complain "exit status $got, not $want"
}

complain() {
	failed=$((failed + 1))
	echo "FAIL: ipsec $words: $1"
	sed 's/^/	out: /' "$dir/out"
	sed 's/^/	err: /' "$dir/err"
}

out() { checks=$((checks + 1)); grep -q -e "$1" "$dir/out" || complain "no \"$1\" on stdout"; }
no_out() { checks=$((checks + 1)); ! grep -q -e "$1" "$dir/out" || complain "\"$1\" on stdout"; }
err() { checks=$((checks + 1)); grep -q -e "$1" "$dir/err" || complain "no \"$1\" on stderr"; }
no_err() { checks=$((checks + 1)); ! grep -q -e "$1" "$dir/err" || complain "\"$1\" on stderr"; }
quiet() { checks=$((checks + 1)); [ ! -s "$dir/out" ] || complain "words on stdout"; }
fine() { checks=$((checks + 1)); [ ! -s "$dir/err" ] || complain "words on stderr"; }

# A zombie that its parent has not buried yet is not alive.
alive() { ps -o stat= -p "$1" | grep -qv Z; }

echo "- the front"
bare 0; out '^Usage: ipsec '
bare 0 --help; out '^  auto '; out '^  setup '; no_out '_plutorun'
bare 0 --version; out '^Linux ModSwan [0-9]'; out 'ipsec --copyright'
bare 0 version; out '^Linux ModSwan [0-9]'
bare 0 --versioncode; out '^[0-9][0-9.]*$'
bare 0 --copyright; out 'Apache License'
bare 0 --directory; out '^/.*/ipsec$'
bare 0 --confdir; out '^/'
bare 0 --rundir; out '^/'
bare 0 --confdir="$conf" --confdir; out "^$conf\$"
bare 0 --confdir etc --confdir; out '^/.*/etc$'
bare 0 --confdir "$conf" ; out '^Usage: '
bare 1 --bad; err "unknown option .--bad'"; err 'command name was left out'
bare 1 nosuch; err "unknown IPsec command .nosuch'"
bare 1 ../sh; err 'unknown IPsec command'
bare 1 _nosuch; err 'unknown IPsec command'

echo "- the family's words"
while read -r kind words; do
	for word in $words; do
		checks=$((checks + 1))
		case $kind in
		verb)
			"$ipsec" --confdir "$conf" --rundir "$run" "$word" --help >"$dir/out" 2>&1 </dev/null
			! grep -q 'unknown IPsec command' "$dir/out" || complain "ipsec $word"
			;;
		auto | whack)
			"$ipsec" "$kind" --options | grep -qE "^--$word( |$)" ||
				complain "ipsec $kind --$word"
			;;
		esac
	done
done <"${srcdir:-.}/testing/keywords/commands"
call 1 initnss; err 'initnss is known from the family, not supported here: there is no NSS database'
call 1 whack --suspend; err 'whack error: --suspend is known from the family, not supported here'
call 0 auto --showonly --ondemand net1; out '^ipsec whack --name "net1" --route'
call 0 auto --showonly --start net1; out '^ipsec whack --name "net1" --initiate'

echo "- no daemon"
call 1 up net1; err 'ipsec_auto: fatal error in "net1": Pluto is not running'
call 2 ondemand; err 'takes the name of a connection'
call 1 traffic; err 'Pluto is not running'
call 1 status; err 'Pluto is not running (no "'"$run"'/pluto.ctl")'; quiet
call 2 showpolicy 192.0.2.1 192.0.2.2; err 'Pluto is not running'; quiet
call 3 showpolicy 192.0.2.1 2001:db8::1; err 'one address is IPv4, the other IPv6'
call 3 showpolicy nobody 192.0.2.2; err 'nobody'
call 2 showpolicy 192.0.2.1; err '^Usage: ipsec showpolicy'
call 2 showpolicy 192.0.2.1 192.0.2.2 tcp 5; err '^Usage: '
call 3 showpolicy </dev/null; err 'descriptor 0: .*[Ss]ocket'
call 2 showpolicy --socket x; err '--socket x: a number from 0'
call 3 showpolicy --socket 77; err 'descriptor 77: '
call 3 showpolicy --cgi; err 'no SERVER_ADDR in the environment'
call 1 whack --status; err '^whack error: Pluto is not running'
call 1 whack --label l1 --name n1 --initiate; err '^whack error: l1 "n1" Pluto is not running'
call 1 auto --up net1; err 'ipsec_auto: fatal error in "net1": Pluto is not running'
call 1 trafficstatus; err 'Pluto is not running'
call 1 eroute; err 'KLIPS is not running'
call 3 setup status; out '^IPsec stopped$'; no_out 'but'

echo "- usage"
call 2 auto; err 'Usage: '
call 2 auto --up; err 'takes the name of a connection'
call 2 auto --status net1; err 'takes no name'
call 2 auto --up --down net1; err 'both --up and --down'
call 2 auto --up a b; err "unexpected word .b'"
call 2 auto --bad net1; err "unknown option .--bad'"
call 2 auto --config f --up net1; err 'goes with --add and --replace only'
call 2 auto --reread; err "may mean several"
call 0 auto --help; out '--rereadsecrets'
call 0 auto --showonly --up net1; out '^ipsec whack --name "net1" --initiate'; fine
call 2 setup; err 'Usage: '
call 2 setup nosuch; err "unknown action .nosuch'"
call 2 setup start stop; err "unknown action"
call 0 setup --help; out 'force-reload'
call 0 setup --version; out 'ModSwan'
call 1 setup --show status; err 'do not go with'
call 1 setup --showonly --version; err 'do not go with'
call 0 setup --showonly start; out 'pluto --confdir'; fine
call 2 status a b; err "unexpected word .b'"
call 2 plugins x; err "unexpected word .x'"
call 1 eroute --help; out 'Usage'
call 1 eroute --version; out 'ModSwan'
call 1 eroute --add; err 'must have SA specified'
call 1 eroute word; err 'unexpected word'

echo "- whack's refusals"
call 1 whack; err 'no action'
call 1 whack --bad; err "unknown option .--bad'"
call 1 whack word; err 'unexpected word "word"'
call 1 whack --name; err 'needs a value'
call 1 whack --name ''; err 'needs a name'
call 1 whack --name x; err 'no reason for --name'
call 1 whack --name x --status; err 'no reason for --name'
call 1 whack --name x --name y --initiate; err 'option --name twice'
call 1 whack --initiate; err '--initiate needs --name'
call 1 whack --host 192.0.2.1 --to --host 192.0.2.2 --psk; err 'without --name'
call 1 whack --name x --host 192.0.2.1 --host 192.0.2.2; err 'option --host twice for one end'
call 1 whack --name x --host 192.0.2.1 --psk; err 'without --to'
call 1 whack --name x --psk --to --host 192.0.2.1; err 'without --host before --to'
call 1 whack --name x --host 192.0.2.1 --to --psk; err 'without --host after --to'
call 1 whack --name x --host %any --to --host 0.0.0.0 --psk; err 'of both ends is unknown'
ends='--name x --host 192.0.2.1 --to --host 192.0.2.2'
call 1 whack $ends --encrypt; err 'neither --psk nor --rsasig'
call 1 whack $ends --pass --failpass; err 'a shunt cannot fail'
call 1 whack $ends --pass --drop; err 'more than one of --tunnel'
call 1 whack $ends --psk --failpass --faildrop; err 'more than one of --failnone'
call 1 whack --name x --host 192.0.2.1 --client 10.0.1.0/24 --to --host 192.0.2.2 --psk
err 'an IKE SA alone has no clients'
call 1 whack --name x --host 192.0.2.1 --to --host 2001:db8::1 --psk; err 'families .* differ'
call 1 whack --name x --host 192.0.2.1 --nexthop 2001:db8::1 --to --host 192.0.2.2 --psk
err 'families of hosts and next hops differ: 192.0.2.2, 2001:db8::1'
call 1 whack --name x --host 192.0.2.1 --client 10.0.1.0/24 --to --host 192.0.2.2 \
	--client 2001:db8::/64 --psk --encrypt; err 'families of the clients differ'
call 1 whack --name x --host 192.0.2.1 --to --host %opportunistic --psk --encrypt
err 'opportunistic connections need'
call 1 whack $ends --psk --ikelifetime zero; err '--ikelifetime needs a number, not "zero"'
call 1 whack $ends --psk --rekeyfuzz -1; err '--rekeyfuzz needs a number'
call 1 whack $ends --psk --ikelifetime 999999; err '--ikelifetime is above the maximum'
call 1 whack $ends --psk --ipseclifetime 600; err 'is not below --ipseclifetime'
call 1 whack --tundev 3; err '--tundev is known from the family, not supported here'
call 1 whack --oppohere 192.0.2.1; err 'must be used together'
call 1 whack --pubkeyrsa 0sAQ; err 'need --keyid'
call 1 whack --xauthname u --status; err 'need --initiate'
call 2 whack --optionsfrom "$dir/nosuch"; err 'cannot read options'
echo "--optionsfrom $dir/loop" >"$dir/loop"
call 2 whack --optionsfrom "$dir/loop"; err 'more than 100 uses'
head -c 2000 /dev/zero | tr '\0' x >"$dir/long"
call 2 whack --optionsfrom "$dir/long"; err 'longer than 1023 octets'
call 0 whack --version; out 'ModSwan'
call 0 whack --help; out '--initiate'

if [ "$(id -u)" -ne 0 ]; then
	call 1 setup start; err 'permission denied (must be superuser)'
	echo "the rest needs root"
	exit
fi

echo "- start, status, stop"
call 0 setup start; err '^ipsec_setup: Starting ModSwan IPsec [0-9]'
pluto=$(cat "$run/pluto.pid")
call 0 setup status; out '^IPsec running  - pluto pid: '"$pluto"'$'; out "^pluto pid $pluto\$"
out '^1 tunnel up$'; no_out 'but'
call 1 setup start; err 'already running, start aborted'
call 0 stop; err '^ipsec_setup: Stopping ModSwan IPsec'
call 3 setup status; out '^IPsec stopped$'
words='stop' checks=$((checks + 1))
[ -z "$(ls -A "$run")" ] || complain "files left: $(ls "$run")"
checks=$((checks + 1))
! alive "$pluto" || complain "pluto is left"
call 1 setup stop; err 'is not running: doing cleanup anyway'
export FAKE_EXIT=3
call 1 setup start; err 'could not be started (exit status 3)'
FAKE_EXIT=10
call 1 setup start; err 'already running, start aborted'
unset FAKE_EXIT
checks=$((checks + 1))
[ -z "$(ls -A "$run")" ] || complain "files left: $(ls "$run")"

echo "- what is asked"
export FAKE_KLIPS=1
call 0 start
call 0 status; out '^000 command status$'; fine
call 0 status net1; out '^000 name=\[net1\]$'
call 21 status nosuch; out '^021 '
call 0 trafficstatus; out '^006 #1: "net1"'
call 0 eroute; out '^3 *10.0.1.0/24 *-> 10.0.2.0/24 *=> tun0x1002@192.0.2.1$'
for verb in add replace delete down route unroute; do
	call 0 auto --$verb net1; out "^000 command $verb\$"; out '^000 name=\[net1\]$'; out '^002 '
done
call 0 auto --up net1; out '^000 command up$'; out '^004 '; no_out '^002 '
call 0 auto --verbose --up net1; out '^002 '
call 0 auto --asynchronous --up net1; out '^000 async=\[yes\]$'
call 21 auto --up nosuch; out '^021 '
call 1 auto --up halfway; err 'Pluto went away before "up" was over'
call 0 auto --add net1 --config "$conf/../etc/other.conf"; out "^000 config=\[$conf/"
call 0 auto --ready; out '^000 command listen$'
call 0 auto --rereadgroups; out '^000 command rereadgroups$'
call 0 auto --rereadsecrets; out '^000 command rereadsecrets$'
call 0 secrets; out '^000 command rereadsecrets$'
call 0 auto --listall; out '^000 command listpubkeys$'; out '^000 command listalgs$'
call 0 auto --show --down net1; out '^ipsec whack --name "net1" --terminate$'
call 0 whack --name net1 --initiate; out '^000 command up$'; out '^104 '; out '^002 '
call 0 whack --name net1 --term --async; out '^000 async=\[yes\]$'
call 21 whack --name nosuch --terminate; out '^021 '
call 0 whack --deletestate 7; out '^000 serial=\[7\]$'
call 0 whack --debug-none --debug-ike --debug-natt; out '^000 words=\[none,natt,ike\]$'
call 0 whack --name net1 --delete --host 192.0.2.1 --id @west --client 10.0.1.0/24 \
	--updown 'a "b" $c' --to --host %any --id @east --client 10.0.2.0/24 --psk --rsasig \
	--encrypt \
	--tunnel --pfs --ike aes128 --esp aes256 --ikelifetime 3600 --rekeymargin 60 --dontrekey \
	--faildrop --route
out '^000 command delete$'
for kv in 'conn=[net1]' 'left=[192.0.2.1]' 'leftid=[@west]' 'leftsubnet=[10.0.1.0/24]' \
	'leftupdown=[a "b" $c]' 'right=[%any]' 'rightid=[@east]' 'rightsubnet=[10.0.2.0/24]' \
	'type=[tunnel]' 'authby=[secret|rsasig]' 'phase2=[esp]' 'pfs=[yes]' 'ike=[aes128]' \
	'esp=[aes256]' 'ikelifetime=[3600]' 'rekeymargin=[60]' 'rekey=[no]' \
	'failureshunt=[drop]'; do
	checks=$((checks + 1))
	grep -qxF "000 $kv" "$dir/out" || complain "no $kv"
done
checks=$((checks + 1))
[ "$(sed -n 's/^000 command //p' "$dir/out" | tr '\n' ' ')" = 'delete define route ' ] ||
	complain 'order of the commands'
call 0 whack --name s --host 192.0.2.1 --to --host 192.0.2.2 --pass
out '^000 type=\[passthrough\]$'
out '^000 authby=\[never\]$'
printf '%s\n' '# a comment' '--name "net1"' '--terminate' >"$dir/options"
call 0 whack --optionsfrom "$dir/options"; out '^000 command down$'; out '^000 name=\[net1\]$'
call 21 whack --name nosuch --route --initiate; out '^000 command route$'; no_out '^000 command up'

echo "- a run directory of its own"
call 0 stop
rmdir "$run"
call 0 start
call 0 stop
checks=$((checks + 1))
[ ! -e "$run" ] || complain "the run directory is left: $(ls -A "$run")"
call 1 stop
export FAKE_EXIT=3
call 1 start
unset FAKE_EXIT
checks=$((checks + 1))
[ ! -e "$run" ] || complain "the run directory is left: $(ls -A "$run")"
call 0 start
touch "$run/other"
call 0 stop
checks=$((checks + 1))
[ "$(ls -A "$run")" = other ] || complain "not just the other file is left: $(ls -A "$run")"
rm "$run/other"
call 0 start

echo "- mixed states"
call 0 auto --up forks
call 0 setup status; no_out '^but'
pluto=$(cat "$run/pluto.pid") klips=$(cat "$run/klips.pid")
kill -KILL "$klips"
call 1 setup status; out '^IPsec running'; out '^but\.\.\.$'; out 'KLIPS is not running'
call 0 restart; err 'Restarting'
pluto=$(cat "$run/pluto.pid") klips=$(cat "$run/klips.pid")
kill -KILL "$pluto"
sleep 0.3
call 1 setup status; out '^IPsec stopped$'; out '^but\.\.\.$'; out 'pluto.pid file!'
out "KLIPS is running! (pid $klips)"; out 'some (1) eroutes exist!'
checks=$((checks + 1))
[ ! -e "$run/plutorun.pid" ] || complain 'the supervisor outlives a killed pluto'
call 0 setup start; err 'Removing orphaned .*pluto.pid:'
checks=$((checks + 1))
[ "$(cat "$run/klips.pid")" = "$klips" ] || complain 'klips was started anew'
rm "$run/pluto.pid"
call 1 setup status; out '^IPsec stopped$'; out 'orphaned Pluto is running!'
call 1 setup start; err 'already running'
call 0 setup stop
call 3 setup status
export FAKE_DEAF=1
call 0 setup start
unset FAKE_DEAF
call 1 setup status; out 'does not answer'
call 0 setup stop
checks=$((checks + 1))
[ -z "$(ls -A "$run")" ] || complain "files left: $(ls "$run")"

# A folder with plugins is needed to read plutorestartoncrash=; without it there is no supervisor.
plugins=$PWD/src/plugins/config-ipsecconf
if [ -e "$plugins/config-ipsecconf.la" ]; then
	echo "- the supervisor"
	mkdir "$conf/modswan"
	echo "plugin-dir = \"$plugins/.libs\";" >"$conf/modswan/modswan.conf"
	echo 'config setup' >"$conf/ipsec.conf"
	call 0 checkconfig; err 'warning: .* not checked: no plugin in .* offers algorithms'
	call 0 setup start
	runner=$(cat "$run/plutorun.pid" || echo 0) pluto=$(cat "$run/pluto.pid")
	call 1 whack --name x --crash 192.0.2.1; err 'no reason for --name'
	call 1 whack --crash 192.0.2.1; err 'went away'
	sleep 0.3
	checks=$((checks + 1))
	alive "$runner" || complain 'the supervisor is gone after a crash'
	checks=$((checks + 1))
	for i in $(seq 130); do
		[ "$(cat "$run/pluto.pid")" != "$pluto" ] && break
		sleep 0.1
	done
	[ "$(cat "$run/pluto.pid")" != "$pluto" ] || complain 'pluto was not started again'
	call 0 setup status
	call 0 setup stop
	checks=$((checks + 1))
	! alive "$runner" || complain 'the supervisor is left'
	checks=$((checks + 1))
	[ -z "$(ls -A "$run")" ] || complain "files left: $(ls "$run")"

	echo "- checkconfig"
	printf 'config setup\n\tnosuchkey=1\n' >"$dir/bad.conf"
	call 3 checkconfig --config "$dir/bad.conf"; err 'can not load config'; err 'bad.conf:2'
	printf 'conn net1\n\tleft=192.0.2.1\n\tright=192.0.2.2\n' >"$dir/good.conf"
	call 0 addconn --checkconfig --verbose --config "$dir/good.conf"; out 'conn net1'
	call 10 checkconfig word; err 'unexpected word'
	# Without crypto plugins nobody knows what is offered.
	call 0 checkconfig --config "$dir/good.conf"; err 'warning: whether algorithms are offered was not checked'
	crypto=$PWD/src/plugins/crypto-openssl/.libs/crypto-openssl.so
	if [ -e "$crypto" ]; then
		mkdir "$dir/plugins"
		ln -s "$plugins/.libs/config-ipsecconf.so" "$crypto" "$dir/plugins"
		cp "$conf/modswan/modswan.conf" "$dir/modswan.conf"
		echo "plugin-dir = \"$dir/plugins\";" >"$conf/modswan/modswan.conf"
		call 0 checkconfig --config "$dir/good.conf"; fine
		{
			printf 'conn %%default\n\tleft=192.0.2.1\n\tright=192.0.2.2\n'
			printf '\nconn a\n\tike=3des-sha1-modp2048\n\nconn b\n\tike=aes128-sha1-modp1024\n'
			printf '\nconn c\n\tesp=camellia128-sha1\n\nconn d\n\tkeyexchange=ikev1\n'
			printf '\nconn e\n\tpfsgroup=modp1024\n\nconn f\n\tesp=aes128-sha2_256\n'
			printf '\nconn g\n\tauto=manual\n\tspi=0x300\n\tesp=3des-md5-96\n'
		} >"$dir/old.conf"
		for command in checkconfig 'addconn --checkconfig'; do
			call 3 $command --config "$dir/old.conf"
			err 'old.conf:6: conn a: ike="3des-sha1-modp2048": 3DES is an old algorithm'
			err 'old.conf:9: conn b: ike="aes128-sha1-modp1024": MODP1024 is an old algorithm'
			err 'old.conf:12: conn c: esp="camellia128-sha1": .*offer.* CAMELLIA_CBC_128'
			err 'old.conf:15: conn d: keyexchange=ikev1 is not supported here, only ikev2'
			err 'old.conf:18: conn e: pfsgroup=modp1024: MODP1024 is an old algorithm'
			checks=$((checks + 1))
			! grep -q 'conn [fg]' "$dir/err" || complain 'a good one is blamed'
		done
		# The keyword's own line, in whatever file and section it stands, under whatever name.
		{
			printf 'conn %%default\n\tleft=192.0.2.1\n\tright=192.0.2.2\n\tpfsgroup=modp1024\n'
			printf '\nconn a\n\tikelifetime=1h\n\talso=part\n'
			printf '\nconn b\n\talso=part\n\tike=aes128-sha2_256\n\nconn c\n\tkeylife=1h\n'
			printf '\nconn d\n\tpfsgroup=modp2048\n\talso=tight\n'
			printf '\nconn e\n\tpfsgroup=modp2048\n\tphase2=ah\n\tphase2alg=md5\n'
			printf '\ninclude %s/parts.conf\n' "$dir"
		} >"$dir/where.conf"
		{
			printf '\n# of others\nconn part\n\tauto=ignore\n\tike=3des-sha1-modp2048\n'
			printf '\nconn tight\n\tauto=ignore\n\tesp=camellia128-sha1\n'
		} >"$dir/parts.conf"
		call 3 checkconfig --config "$dir/where.conf"
		err 'where.conf:4: conn a: pfsgroup=modp1024: MODP1024 is an old algorithm'
		err 'where.conf:4: conn b: pfsgroup=modp1024'
		err 'where.conf:4: conn c: pfsgroup=modp1024'
		err 'parts.conf:9: conn d: esp="camellia128-sha1": '
		err 'where.conf:24: conn e: ah="md5": '
		sed -i 's/modp1024/modp2048/' "$dir/where.conf"
		call 3 checkconfig --config "$dir/where.conf"
		err 'parts.conf:5: conn a: ike="3des-sha1-modp2048": 3DES is an old algorithm'
		no_err 'conn [bc]'
		mv "$dir/modswan.conf" "$conf/modswan/modswan.conf"
	fi

	echo "- addconn"
	{
		printf 'config setup\n\tmyid="@it%ss.me"\n\tkeep-alive=30s\n\n' "'"
		printf 'conn %%default\n\tleft=192.0.2.1\n\tright=192.0.2.2\n'
		for conn in a:add b:start c:route d:start; do
			printf '\nconn %s\n\tauto=%s\n' "${conn%:*}" "${conn#*:}"
		done
	} >"$dir/several.conf"
	call 0 addconn --config "$dir/several.conf" --listadd; out '^a$'
	call 0 addconn --config "$dir/several.conf" --listroute; out '^c$'
	call 0 addconn --config "$dir/several.conf" --liststart; out '^b d$'
	call 0 addconn --config "$dir/several.conf" --configsetup --varprefix IP
	out "^export IPkeep_alive='30s'$"
	checks=$((checks + 1))
	[ "$(sh -c '. "$1"; echo "$IPmyid"' sh "$dir/out")" = "@it's.me" ] || complain 'not what a shell reads'
	out '^IP_confreadstatus=$'
	call 3 addconn --config "$dir/bad.conf" --configsetup; out '^_confreadstatus=failed$'
	call 1 addconn a; err 'is not running'
	call 10 addconn; err 'nothing to do'
	call 10 addconn --liststart --addall; err 'both --liststart and --addall'
	call 10 addconn --search; err 'not supported here'
	printf 'conn net1\n\tleft=192.0.2.1\n\tmtu=big\n\nconn net2\n\tkeylife=never\n' >"$dir/bad2.conf"
	call 3 addconn --checkconfig --config "$dir/bad2.conf"; err 'bad2.conf:3'; err 'bad2.conf:6'

	echo "- readwriteconf"
	for f in "${srcdir:-.}"/testing/good-input/ipsec.conf/*.in; do
		[ -e "$f" ] || continue
		call 0 readwriteconf --config "$f"; cp "$dir/out" "$dir/first.conf"
		call 0 readwriteconf --config "$dir/first.conf"
		checks=$((checks + 1))
		cmp "$dir/out" "$dir/first.conf" || complain "readwriteconf of $f is not read back"
	done
	f=${srcdir:-.}/testing/good-input/ipsec.conf/09-also.in
	call 0 readwriteconf --config "$f" a; out 'authby=secret'; out '# end conn a'
	call 3 readwriteconf --config "$f" nosuch; err 'there is no conn nosuch'
	call 0 readwriteconf --config "$f" --ignoreconnnotfound nosuch
	call 3 readwriteconf --config "$dir/bad.conf"; err 'bad.conf:2'
	call 10 readwriteconf --rootdir /; err 'not supported here'
fi
