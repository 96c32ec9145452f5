#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rsasigkey, newhostkey, showhostkey and ranbits, judged by others: openssl and python for the
# numbers and signatures, pluto's reader for the files, BIND's checker for the DNS records, RFC
# 4025's printed record for the form.
# shellcheck disable=SC2016 # dollars are meant as they stand
set -u
ipsec=$PWD/ipsec
check=$PWD/src/plugins/creds-secrets/hostkey_check
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
unset IPSEC_CONFS IPSEC_RUNDIR IPSEC_EXECDIR IPSEC_SBINDIR
umask 022 # which must not matter
failed=0 checks=0 words=

# call STATUS WORD...: outputs are in $dir/out and $dir/err.
call() {
	local want=$1 got
	shift
	checks=$((checks + 1)) words=$*
	"$ipsec" --confdir "$dir/etc" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	got=$?
	[ $got -eq "$want" ] || complain "exit status $got, not $want"
}

complain() {
	failed=$((failed + 1))
	echo "FAIL: ipsec $words: $1"
	sed 's/^\(.\{200\}\).*/\1.../; s/^/	out: /' "$dir/out"
	sed 's/^/	err: /' "$dir/err"
}

out() { checks=$((checks + 1)); grep -qE -e "$1" "$dir/out" || complain "no \"$1\" on stdout"; }
no_out() { checks=$((checks + 1)); ! grep -qE -e "$1" "$dir/out" || complain "\"$1\" on stdout"; }
err() { checks=$((checks + 1)); grep -qE -e "$1" "$dir/err" || complain "no \"$1\" on stderr"; }
quiet() { checks=$((checks + 1)); [ ! -s "$dir/out" ] || complain "words on stdout"; }
fine() { checks=$((checks + 1)); [ ! -s "$dir/err" ] || complain "words on stderr"; }
is() { checks=$((checks + 1)); [ "$1" = "$2" ] || complain "\"$1\", not \"$2\""; }
missing() { echo "not checked: there is no $1"; }

mkdir -p "$dir/etc/modswan" "$dir/none"

# plugins_of NAME...: where plugins are found; linked in, they are there without it.
plugins_of() {
	rm -rf "$dir/plugins"
	mkdir "$dir/plugins"
	for name in "$@"; do
		[ ! -e "src/plugins/$name/.libs/$name.so" ] ||
			ln -s "$PWD/src/plugins/$name/.libs/$name.so" "$dir/plugins"
	done
	echo "plugin-dir = \"$dir/plugins\";" >"$dir/etc/modswan/modswan.conf"
}
plugins_of crypto-gmp crypto-openssl creds-secrets

echo "- ranbits"
call 0 ranbits 96; out '^0x[0-9a-f]{8}_[0-9a-f]{8}_[0-9a-f]{8}$'; fine
first=$(cat "$dir/out")
call 0 ranbits 96; [ "$first" != "$(cat "$dir/out")" ] || complain 'twice the same'
call 0 ranbits --quick 33; out '^0x[0-9a-f]{8}_[0-9a-f]{2}$'
call 0 ranbits --cont 128; out '^0x[0-9a-f]{32}$'
call 0 ranbits --bytes --continuous 3; out '^0x[0-9a-f]{6}$'
call 0 ranbits 20000; is "$(tr -d '0x_\n' <"$dir/out" | wc -c | awk '{ print ($1 > 4000) }')" 1
call 1 ranbits 20001; err 'overlarge'; quiet
call 1 ranbits --bytes 2501; err 'overlarge'
call 1 ranbits 12x; err 'invalid bit count'
call 1 ranbits 0; err 'invalid bit count'
call 1 ranbits --bytes xyz; err 'invalid byte count'
call 2 ranbits; err '^Usage: '
call 2 ranbits 8 8
call 2 ranbits --bad 8; err "unknown option .--bad'"
call 0 ranbits --help; out '^Usage: '
call 0 ranbits --version; out ModSwan

echo "- rsasigkey"
call 2 rsasigkey; err '^Usage: '
call 2 rsasigkey 1024 1024
call 2 rsasigkey --bad 1024; err "unknown option .--bad'"
call 2 rsasigkey --rounds 0 1024; err '--rounds 0: a number from 1 to 10000'
call 2 rsasigkey --rounds -3 1024; err 'rounds'
call 2 rsasigkey --e 4 1024; err '--e 4: an odd number'
call 2 rsasigkey --hostname 'a b' 1024; err '--hostname a b: a name'
call 2 rsasigkey --oldkey - 1024
call 1 rsasigkey 1000; err 'not multiple of 16'; quiet
call 1 rsasigkey 20016; err 'overlarge'
call 1 rsasigkey 1x; err 'invalid bit count'
call 1 rsasigkey 0; err 'bit count'
call 1 rsasigkey --random "$dir/nosuch" 1024; err 'cannot open random source'; quiet
head -c 100 /dev/urandom >"$dir/short"
call 1 rsasigkey --random "$dir/short" 2048; err 'ends after 100 of 128 octets'; quiet
call 1 rsasigkey --random /dev/zero 1024; err 'no usable pair of primes'; quiet
call 0 rsasigkey --help; out '^Usage: '
call 0 rsasigkey --version; out ModSwan
call 0 rsasigkey 512; err 'refuses keys of less than 1024'; out '# RSA 512 bits'

# numbers FILE: name and value of each line.
numbers() { sed -nE 's/^\t([A-Z][A-Za-z0-9]*): (0x([0-9a-f][0-9a-f])+)$/\1 \2/p' "$1"; }

# The relations once more, by another program's arithmetic, and the #pubkey= by RFC 3110.
cat >"$dir/judge.py" <<'END'
import base64, math, re, sys
text = open(sys.argv[1]).read()
bits, exponent, plain = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "plain"
names = ["Modulus", "PublicExponent", "PrivateExponent", "Prime1", "Prime2", "Exponent1", "Exponent2",
         "Coefficient"]
found = re.findall(r"^\t([A-Z]\w+): 0x((?:[0-9a-f]{2})+)$", text, re.M)
assert [name for name, value in found] == names, "order of the lines"
n, e, d, p, q, dp, dq, qinv = (int(value, 16) for name, value in found)
assert n == p * q and n.bit_length() == bits and p > q
assert p.bit_length() == q.bit_length() == bits // 2
assert e == exponent and math.gcd(e, (p - 1) * (q - 1)) == 1
phi = (p - 1) * (q - 1) // (1 if plain else math.gcd(p - 1, q - 1))
assert d == pow(e, -1, phi) and dp == d % (p - 1) and dq == d % (q - 1) and q * qinv % p == 1
assert all(pow(a, r - 1, r) == 1 for a in (2, 3, 5, 7, 11) for r in (p, q)), "primes"
octets = lambda i: i.to_bytes((i.bit_length() + 7) // 8, "big")
blob = bytes([len(octets(e))]) + octets(e) + octets(n)
assert "\t#pubkey=0s" + base64.b64encode(blob).decode() + "\n" in text
assert re.search(r"^\t# RSA %d bits   gw\.example\.net   \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$"
                 % bits, text, re.M), "comment"
if len(sys.argv) > 5: # for openssl: the key as ASN.1 of its description
    open(sys.argv[5], "w").write("asn1=SEQUENCE:k\n[k]\nv=INTEGER:0\n" + "".join(
        "i%d=INTEGER:0x%x\n" % (i, v) for i, v in enumerate((n, e, d, p, q, dp, dq, qinv))))
END
judge() {
	checks=$((checks + 1))
	python3 "$dir/judge.py" "$dir/out" "$@" 2>"$dir/err" || complain 'wrong numbers'
}
call 0 rsasigkey --verbose --hostname gw.example.net 1024; err 'found a prime of 512 bits'
judge 1024 3 lcm
call 0 rsasigkey --noopt --rounds 5 --hostname gw.example.net 1040; judge 1040 3 plain
call 0 rsasigkey --e 65537 --hostname gw.example.net 1024; judge 1024 65537 lcm
call 0 rsasigkey --random /dev/urandom --hostname gw.example.net 2192
judge 2192 3 lcm "$dir/asn1"; out 'pubkey=0sAQ[OP]'; out '^	# for signatures only, UNSAFE FOR ENCRYPTION$'
cp "$dir/out" "$dir/key"
words='(openssl)'
{ openssl asn1parse -genconf "$dir/asn1" -noout -out "$dir/key.der" &&
	openssl rsa -in "$dir/key.der" -inform DER -out "$dir/key.pem" &&
	openssl rsa -in "$dir/key.pem" -pubout -out "$dir/pub.pem" &&
	openssl dgst -sha256 -sign "$dir/key.pem" -out "$dir/sig" "$0"; } >/dev/null 2>&1
checks=$((checks + 2))
openssl rsa -in "$dir/key.pem" -check -noout 2>&1 | grep -q 'RSA key ok' || complain 'openssl refuses it'
openssl dgst -sha256 -verify "$dir/pub.pem" -signature "$dir/sig" "$0" >/dev/null ||
	complain 'openssl refuses its signature'

echo "- who makes keys"
if [ -e src/plugins/crypto-gmp/.libs/crypto-gmp.so ]; then
	checks=$((checks + 1)) words='(ldd)'
	ldd "$ipsec" .libs/ipsec 2>/dev/null | grep -q libgmp && complain 'the command has GMP in itself'
	call 0 rsasigkey --plugin crypto-gmp --hostname gw.example.net 1024; judge 1024 3 lcm
	call 1 rsasigkey --plugin crypto-no 1024; err 'plugin crypto-no is not installed in '; quiet
	call 1 rsasigkey --plugin creds-secrets 1024; err 'plugin creds-secrets makes no RSA keys'; quiet
	call 1 newhostkey --plugin creds-secrets --output "$dir/x"; err 'makes no RSA keys'
	[ ! -e "$dir/x" ] || complain "a file is left"
	echo 'rsa-key-plugin = "creds-secrets";' >>"$dir/etc/modswan/modswan.conf"
	call 1 rsasigkey 1024; err 'plugin creds-secrets makes no RSA keys'; quiet
	call 1 rsasigkey --oldkey "$dir/key"; err 'plugin creds-secrets makes no RSA keys'; quiet
	call 0 rsasigkey --plugin crypto-gmp 1024
	call 0 rsasigkey --plugin crypto-openssl --hostname gw.example.net --noopt 1040
	judge 1040 3 plain
	plugins_of creds-secrets crypto-openssl
	call 0 rsasigkey --e 65537 --hostname gw.example.net --verbose 1024; judge 1024 65537 lcm
	call 0 rsasigkey --hostname gw.example.net --oldkey "$dir/key"
	is "$(numbers "$dir/out")" "$(numbers "$dir/key")"
	call 1 rsasigkey --random /dev/zero 1024; err 'no usable pair of primes'; quiet
	plugins_of creds-secrets
	call 1 rsasigkey 1024; err "no plugin in $dir/plugins makes RSA keys: install crypto-gmp"; quiet
	rmdir "$dir/none"
	echo "plugin-dir = \"$dir/none\";" >"$dir/etc/modswan/modswan.conf"
	call 1 rsasigkey 1024; err 'cannot read the plugin folder'; quiet
	: >"$dir/plugins/crypto-gmp.so"
	echo "plugin-dir = \"$dir/plugins\";" >"$dir/etc/modswan/modswan.conf"
	call 1 rsasigkey --plugin crypto-gmp 1024; err 'plugin crypto-gmp: '; quiet
	plugins_of crypto-gmp crypto-openssl
else
	missing 'crypto-gmp that is loaded'
fi

echo "- old keys"
call 0 rsasigkey --hostname gw.example.net --oldkey "$dir/key"
is "$(numbers "$dir/out")" "$(numbers "$dir/key")"
grep -E 'Modulus|PublicExponent|Prime' "$dir/key" >"$dir/old"
call 0 rsasigkey --oldkey "$dir/old"; is "$(numbers "$dir/out")" "$(numbers "$dir/key")"
call 1 rsasigkey --oldkey "$dir/nosuch"; err 'not found'
for name in Modulus PublicExponent Prime1 Prime2; do
	grep -v "$name" "$dir/key" >"$dir/old"
	call 1 rsasigkey --oldkey "$dir/old"; err "incomplete: no $name"; quiet
done
for name in Modulus PrivateExponent Prime1 Prime2 Exponent1 Exponent2 Coefficient; do
	# another last digit, still odd or even
	sed -E "/$name:/ { s/(.*)1\$/\\13/; t; s/(.*)[3579bdf]\$/\\11/; t; s/(.*)0\$/\\12/; t; s/.\$/0/ }" \
		"$dir/key" >"$dir/old"
	call 1 rsasigkey --oldkey "$dir/old"; quiet
done
sed 's/Modulus: 0x/Modulus: 0q/' "$dir/key" >"$dir/old"
call 1 rsasigkey --oldkey "$dir/old"; err 'old key: Modulus'

echo "- newhostkey"
call 2 newhostkey --output; err 'needs a value'
call 2 newhostkey --bits zero --output "$dir/x"; err '--bits zero: a number from 1'
call 2 newhostkey --keytype dsa; err '--keytype dsa: rsa, ecdsa or ed25519'
call 2 newhostkey --hostname ../x; err '--hostname ../x: a name'
call 2 newhostkey word; err 'unexpected word'
call 1 newhostkey --bits 512 --output "$dir/x"; err 'refuses RSA keys of less than 1024'
call 1 newhostkey --bits 1030 --output "$dir/x"; err 'not multiple of 16'
call 1 newhostkey --keytype ecdsa --bits 512 --output "$dir/x"; err '256, 384 or 521'
call 1 newhostkey --keytype ed25519 --bits 256 --output "$dir/x"; err 'cannot be chosen'
[ ! -e "$dir/x" ] || complain "a file is left"
call 1 newhostkey --output "$dir/nosuch/x"; err 'cannot open'
call 0 newhostkey --help; out '^Usage: '
call 0 newhostkey --bits 1024 --hostname gw.example.net; quiet; fine
secrets=$dir/etc/ipsec.secrets
is "$(stat -c %a "$secrets")" 600
is "$(head -1 "$secrets")" ': RSA	{'
is "$(grep -c '^	}$' "$secrets")" 1
before=$(cksum <"$secrets")
call 1 newhostkey --bits 1024; err 'there is a file'
is "$(cksum <"$secrets")" "$before"
call 0 newhostkey --bits 1024 --output -; out '^: RSA	\{$'; out '^	\}$'; fine
printf '@a : PSK "x"' >"$dir/append"
chmod 640 "$dir/append"
call 0 newhostkey --bits 1024 --output "$dir/append"; err 'WARNING: file .*append" exists'
is "$(head -2 "$dir/append" | tr '\n' '|')" '@a : PSK "x"|: RSA	{|'
call 0 newhostkey --quiet --bits 1024 --output "$dir/append"; fine
call 1 showhostkey --file "$dir/append" --left; err 'more than one default key'; quiet

echo "- showhostkey"
call 2 showhostkey; err '^Usage: '
call 2 showhostkey --bad; err "unknown option .--bad'"
call 2 showhostkey --txt ''; err 'gateway is empty'
call 2 showhostkey --txt; err 'needs a value'
call 2 showhostkey --left --right; err 'both --left and --right'
call 2 showhostkey --ipseckey --precedence 256; err '--precedence 256: a number from 0 to 255'
call 2 showhostkey --left word; err 'unexpected word'
for gw in gw.example.net 2001:db8::1 0.0.0.0 10.1 @ '@a b'; do
	call 1 showhostkey --txt "$gw"; quiet; err '@FQDN|no name|cannot be a gateway'
done
call 1 showhostkey --ipseckey --gateway gw.example.net; err 'neither @FQDN nor'
call 1 showhostkey --left --file "$dir/nosuch"; err 'not found'
call 1 showhostkey --left --id @nobody; err 'no "@nobody" key in '
printf '@a : PSK "x"\n' >"$dir/psk"
call 1 showhostkey --left --file "$dir/psk"; err 'no default key in '
printf ': RSA {\n\tPrime1: 0x05\n\t}\n' >"$dir/noline"
call 1 showhostkey --left --file "$dir/noline"; err 'no pubkey line found'
printf ': RSA nosuch.pem\n' >"$dir/nopem"
call 1 showhostkey --left --file "$dir/nopem"; err 'nosuch.pem'
sed 's/pubkey=0sAQ/pubkey=0sBQ/' "$secrets" >"$dir/differ"
call 1 showhostkey --left --file "$dir/differ"; err 'differ'
call 0 showhostkey --help; out '^Usage: '

key=$(sed -n 's/^	#pubkey=0s//p' "$secrets")
comment='RSA 1024 bits   gw.example.net   '
for side in left right; do
	call 0 showhostkey --$side; out "^	# $comment"; fine
	is "$(tail -1 "$dir/out")" "	${side}rsasigkey=0s$key"
done
call 0 showhostkey --key; out "^; $comment"
is "$(tail -1 "$dir/out")" "gw.example.net.	IN	KEY	0x4200 4 1 $key"
call 0 showhostkey --txt 203.0.113.9
is "$(tail -1 "$dir/out")" "	IN	TXT	\"X-IPsec-Server(10)=203.0.113.9 $key\""
call 0 showhostkey --ipseckey --gateway 203.0.113.9 --precedence 0
is "$(tail -1 "$dir/out")" "gw.example.net.    IN    IPSECKEY  0 1 2 203.0.113.9 $key"
call 0 showhostkey --ipseckey
is "$(tail -1 "$dir/out")" "gw.example.net.    IN    IPSECKEY  10 0 2 . $key"
call 0 showhostkey --dhclient; is "$(tail -1 "$dir/out")" "send oe-key = \"0x4200 4 1 $key\";"
out '^option oe-key code 159 = string;$'; out '^option oe-gateway code 160 = ip-address;$'
id=${key:0:9} # base64 has + in its alphabet, which is more than itself in an expression
call 0 showhostkey --list; out "^< 1> RSA keyid: ${id//+/[+]} ckaid: [0-9a-f]{40}\$"
ckaid=$(sed -n 's/.* ckaid: //p' "$dir/out")
is "$ckaid" "$(python3 -c 'import hashlib, sys; print(hashlib.sha1(bytes.fromhex(sys.argv[1])).hexdigest())' \
	"$(sed -n 's/^	Modulus: 0x//p' "$secrets")")"
call 0 showhostkey --left --ckaid "$ckaid"; is "$(tail -1 "$dir/out")" "	leftrsasigkey=0s$key"
call 0 showhostkey --left --ckaid "$(echo "${ckaid:0:6}" | tr a-f A-F)"
call 1 showhostkey --left --ckaid "0$ckaid"; err "no .0$ckaid. key in "
call 1 showhostkey --left --ckaid ''; err 'no "" key in '
call 0 showhostkey --dump; out '^	Modulus: 0x'; no_out 'Prime|PrivateExp|Coeff'
call 0 showhostkey --left --rsaid "${key:0:9}"
call 1 showhostkey --left --rsaid AQxxxxxxx; err 'no "AQxxxxxxx" key'
call 1 showhostkey --left --keynum 2; err 'no key of this number'

echo "- several keys, includes"
mkdir "$dir/more"
sed 's/^: RSA/@west 192.0.2.1 : RSA/' "$secrets" >"$dir/more/one.secrets"
printf '# text\ninclude more/*.secrets\n@x @y : PSK "# { : RSA"\n' >"$dir/several"
call 0 showhostkey --left --file "$dir/several" --id @west
is "$(tail -1 "$dir/out")" "	leftrsasigkey=0s$key"
call 0 showhostkey --left --file "$dir/several" --id 192.0.2.1
call 1 showhostkey --left --file "$dir/several" --id @WEST; err 'no "@WEST" key'
call 1 showhostkey --left --file "$dir/several"; err 'no default key'
call 0 showhostkey --list --file "$dir/several"; out '^< 1> .* @west 192.0.2.1$'
echo 'include loop' >"$dir/loop"
call 1 showhostkey --list --file "$dir/loop"; err 'nested too deeply'

echo "- vectors"
# RFC 4025 s3.2, whose key is the octets 3, then these
printf ': RSA {\n\t# RSA 256 bits   38.2.0.192.in-addr.arpa   now\n\tModulus: 0s%s\n\tPublicExponent: 3\n\t}\n' \
	UVN5hu01UztgZEeO7rJ7W9dNrhSbboG6OgUhr4KreAE= >"$dir/rfc"
sed -i 's/Exponent: 3/Exponent: 0x03/' "$dir/rfc"
call 0 showhostkey --file "$dir/rfc" --ipseckey --gateway 192.0.2.38
is "$(tail -1 "$dir/out" | tr -s ' ')" \
	"38.2.0.192.in-addr.arpa. IN IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ=="
# RFC 3110 s2: an exponent of 256 octets has a length of three
printf ': RSA {\n\tModulus: 0xc001\n\tPublicExponent: 0x01%0510d\n\t}\n' 1 >"$dir/rfc"
call 0 showhostkey --file "$dir/rfc" --left
is "$(sed -n 's/.*=0s//p' "$dir/out" | base64 -d | od -An -tx1 -v | tr -d ' \n')" \
	"$(printf '00010001%0510dc001' 1)"

echo "- pluto's reader"
if [ -x "$check" ]; then
	prove() { # FILE rsa|spki PUBLIC STATUS
		checks=$((checks + 1)) words="(hostkey_check $1)"
		"$check" "$1" "$dir/etc/ipsec.d/private" "$2" "$3" 2>"$dir/err"
		local got=$?
		[ $got = "$4" ] || complain "status $got, not $4"
	}
	prove "$secrets" rsa "0s$key" 0
	other=$(sed -n 's/^	#pubkey=//p' "$dir/key")
	prove "$secrets" rsa "$other" 1
	{ echo ': RSA {'; cat "$dir/key"; echo '	}'; } >"$dir/wrapped"
	prove "$dir/wrapped" rsa "$other" 0
else
	missing hostkey_check
fi
for type in ecdsa ecdsa-384 ecdsa-521 ed25519; do
	bits=${type#*-}
	[ "$bits" != "$type" ] && more="--bits $bits" || more=
	# shellcheck disable=SC2086 # two words or none
	call 0 newhostkey --keytype ${type%-*} $more --hostname "h$bits" --output "$dir/$type"; fine
	pem=$dir/etc/ipsec.d/private/h$bits-${type%-*}.pem
	is "$(stat -c %a "$pem" "$dir/$type" "${pem%/*}" | tr '\n' ' ')" '600 600 700 '
	is "$(head -1 "$pem")" '-----BEGIN PRIVATE KEY-----'
	call 0 showhostkey --left --file "$dir/$type"
	public=$(sed -n 's/^	leftpubkey=//p' "$dir/out")
	is "${public#0s}" "$(openssl pkey -in "$pem" -pubout -outform DER | base64 -w0)"
	[ ! -x "$check" ] || prove "$dir/$type" spki "$public" 0
	before=$(cksum <"$pem")
	# shellcheck disable=SC2086
	call 1 newhostkey --keytype ${type%-*} $more --hostname "h$bits" --output "$dir/again"
	err 'not overwritten'; is "$(cksum <"$pem")" "$before"; is "$(ls "$dir/again" 2>/dev/null)" ''
	call 1 showhostkey --key --file "$dir/$type"; err 'has no form for --key'; quiet
done
call 1 newhostkey --keytype ecdsa --hostname gone --output "$dir/nosuch/x"
[ ! -e "$dir/etc/ipsec.d/private/gone-ecdsa.pem" ] || complain "a PEM file is left"

echo "- DNS"
if command -v named-checkzone >/dev/null; then
	{
		printf '$TTL 3600\n@ IN SOA ns. me. 1 2 3 4 5\n@ IN NS ns.\n'
		"$ipsec" --confdir "$dir/etc" showhostkey --key
		for gw in 203.0.113.9 @gw.example.net; do
			for file in "$secrets" "$dir/long"; do
				[ -e "$file" ] || { echo ': RSA {'; cat "$dir/key"; echo '	}'; } >"$file"
				printf 'x IN A 192.0.2.1\n'
				"$ipsec" showhostkey --file "$file" --txt $gw
			done
		done
		for gw in 203.0.113.9 2001:db8::1 @gw.example.net; do
			"$ipsec" showhostkey --file "$dir/long" --ipseckey --gateway $gw
		done
		for file in ecdsa ecdsa-384 ed25519; do
			"$ipsec" --confdir "$dir/etc" showhostkey --file "$dir/$file" --ipseckey |
				sed 's/^h[a-z0-9]*\./gw.example.net./'
		done
	} >"$dir/zone"
	words='(named-checkzone)' checks=$((checks + 1))
	named-checkzone -i none -o "$dir/read" example.net "$dir/zone" >"$dir/out" 2>"$dir/err" ||
		complain 'the zone is refused'
	is "$(grep -c 'IN TXT' "$dir/read")" 4
	is "$(grep -c 'IN IPSECKEY' "$dir/read")" 6
	# what comes back is what went in
	is "$(sed -n 's/.*IN KEY[^A]*//p' "$dir/read" | tr -d ' ')" "$key"
	is "$(sed -n 's/.*TXT.*113\.9" " \(AQ[^"]*\)" "\(.*\)"/\1\2/p' "$dir/read")" \
		"$(sed -n 's/^	#pubkey=0s//p' "$dir/key")"
else
	missing named-checkzone
fi

echo "$checks checks, $failed failed"
[ "$failed" -eq 0 ]
