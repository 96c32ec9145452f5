# SPDX-License-Identifier: Apache-2.0
# Sourced by steps.sh: words about strongSwan as a peer: charon with kernel-libipsec (ESP in user
# space through a TUN device, always in UDP 4500), configured over vici from HOST/strongswan/. With
# strongswan=6 it is Debian 13's, from the root of testing/trixie; under the guest kernel it has
# XFRM instead of libipsec; with charon_ike=4 its log has the keys of IKE SAs.

strongswan_dir=/run/modswan/etc/strongswan
strongswan_plugins='random nonce openssl aesni aes sha1 sha2 hmac kdf gcm ctr curve25519 pem pkcs1'
strongswan_plugins+=' ccm chapoly xcbc cmac'
[ -n "${MS_KERNEL:-}" ] || strongswan_plugins+=' kernel-libipsec'
strongswan_plugins+=' pkcs8 pubkey x509 kernel-netlink socket-default vici updown'
strongswan_vici=unix:///run/charon.vici

strongswan_root=$build/trixie

# Debian's AppArmor profiles hang on the programs' paths and know nothing of our folders.
strongswan_programs() {
	local program folder
	if [ "${strongswan:-5}" = 5 ]; then
		[ -x /usr/lib/ipsec/charon ] || fail "no charon: run testing/prepare"
		for program in /usr/lib/ipsec/charon /usr/sbin/swanctl; do
			cp "$program" /run/
		done
		return
	fi
	for folder in run dev proc sys; do
		mount --rbind "/$folder" "$strongswan_root/$folder"
	done
	printf '#!/bin/sh\nexec chroot %s /usr/%s "$@"\n' "$strongswan_root" lib/ipsec/charon >/run/charon
	printf '#!/bin/sh\nexec chroot %s /usr/%s "$@"\n' "$strongswan_root" sbin/swanctl >/run/swanctl
	chmod 755 /run/charon /run/swanctl
}

strongswan_start() {
	strongswan_programs
	# of two that do the same, the one that is loaded first does it: kernel-libipsec
	cat >/run/strongswan.conf <<-END
		charon {
			load = $strongswan_plugins
			fragment_size = ${fragment_size:-1280}
			make_before_break = yes
			delete_rekeyed_delay = 1
			plugins {
				vici {
					socket = $strongswan_vici
				}
			}
			filelog {
				file {
					path = /run/modswan/charon.log
					default = 1
					ike = ${charon_ike:-2}
					flush_line = yes
					time_format = %T
				}
			}
		}
		swanctl {
			load = pem pkcs1 pkcs8 x509 pubkey openssl random
		}
	END
	STRONGSWAN_CONF=/run/strongswan.conf /run/charon >/run/modswan/charon.out 2>&1 </dev/null &
	wait_for 20 test -S "${strongswan_vici#unix://}"
	swanctl --load-all
}

strongswan_stop() {
	local pid
	pid=$(cat /run/charon.pid)
	kill "$pid"
	wait_for 20 gone "$pid"
}

swanctl() {
	STRONGSWAN_CONF=/run/strongswan.conf SWANCTL_DIR=$strongswan_dir \
		/run/swanctl "$@" --uri "$strongswan_vici"
}

# strongswan_bytes in|out: of the CHILD SA, as strongSwan counts them.
strongswan_bytes() {
	swanctl --list-sas | sed -nE "s/^ *$1 .* ([0-9]+) bytes.*/\1/p" | sed -n 1p
}

strongswan_no_sa() {
	[ -z "$(swanctl --list-sas)" ]
}

# The tunnel up and down from either side, whatever runs there.
west_east_up() {
	if [ "$host" = west ]; then
		ipsec auto --up west-east | tee /run/modswan/up.txt
		assert_match /run/modswan/up.txt '^004 .*west-east.* established'
	else
		swanctl --initiate --child west-east
	fi
}

west_east_down() {
	if [ "$host" = west ]; then
		ipsec auto --down west-east
	else
		swanctl --terminate --ike west-east
	fi
}
