cat >/run/modswan/updown <<-END
	#!/bin/sh
	echo "\$PLUTO_VERB" >>/run/modswan/verbs
	if [ -e /run/modswan/broken ] && [ "\$PLUTO_VERB" = $verb ]; then
		echo "the script is broken" >&2
		exit 7
	fi
	exec $stage/libexec/ipsec/_updown "\$@"
END
chmod 755 /run/modswan/updown
: >/run/modswan/broken
ip route >/run/before
