# SPDX-License-Identifier: Apache-2.0
# Sourced by steps.sh: words about peers that cannot be installed beside strongSwan. testing/lib/unpack
# has their packages; here they get a root of their own, the system's with theirs laid over it.
peer_root=/run/peer/root

# peer_root_make PACKAGE
peer_root_make() {
	local folder
	mkdir -p /run/peer/{upper,work,root}
	mount -t overlay overlay "$peer_root" \
		-o lowerdir=/,upperdir=/run/peer/upper,workdir=/run/peer/work
	# not a layer of its own: layers may not lie in each other
	cp -a "$build/peers/$1/." "$peer_root/"
	for folder in dev proc sys; do
		mount --rbind "/$folder" "$peer_root/$folder"
	done
	mount --bind /run "$peer_root/run"
	mount --bind /run/modswan "$peer_root/run/modswan"
}

# in_peer COMMAND...
in_peer() {
	chroot "$peer_root" "$@"
}

# The DB of NSS has what was made in ca/ for east.
libreswan_certs() {
	local db=sql:/var/lib/ipsec/nss name
	in_peer mkdir -p /var/lib/ipsec/nss /run/modswan/ca
	in_peer certutil -N -d $db --empty-password
	cp "$world"/ca/*.p12 "$world"/ca/root-*.pem "$world/east/ca/" 2>/dev/null || return 0
	for name in "$world"/ca/root-*.pem; do
		name=${name##*/} name=${name%.pem}
		in_peer certutil -A -d $db -n "$name" -t CT,, -i "/run/modswan/ca/$name.pem"
	done
	for name in "$world"/ca/east-*.p12; do
		in_peer pk12util -d $db -i "/run/modswan/ca/${name##*/}" -W east
	done
}

libreswan_start() {
	peer_root_make libreswan
	cp "$confdir/libreswan/ipsec.conf" "$confdir/libreswan/ipsec.secrets" "$peer_root/etc/"
	libreswan_certs
	mkdir -p /run/pluto
	in_peer /usr/libexec/ipsec/pluto --config /etc/ipsec.conf --nofork --stderrlog \
		>/run/modswan/libreswan.log 2>&1 </dev/null &
	wait_for 30 libreswan_whack --status
}

libreswan_whack() {
	in_peer /usr/libexec/ipsec/whack "$@"
}

libreswan_stop() {
	libreswan_whack --shutdown
	wait_for 20 must_fail libreswan_whack --status
}

# iked itself is started by lib/interop_peers.py, for each connection anew.
openiked_start() {
	peer_root_make openiked
	echo '_iked:x:990:990::/var/empty:/bin/false' >>"$peer_root/etc/passwd"
	echo '_iked:x:990:' >>"$peer_root/etc/group"
	mkdir -p "$peer_root/var/empty"
	rm -rf "$peer_root/etc/iked"
}

openiked_stop() {
	:
}
