# SPDX-License-Identifier: Apache-2.0
"""strongSwan's charon as a responder of the handshake benchmark; responders.py says what holds for
all of them."""
import os
import re
import shutil

from responders import ADDR, INNER_OURS, INNER_THEIRS, PSK, Responder, TooLate, write


class Charon(Responder):
    """strongSwan's key daemon as Debian builds it, with its own data plane in user space."""
    key = "charon"
    # of several orders the cheapest: its own HMAC, but OpenSSL's key exchange, signatures, X.509 and
    # AES-GCM
    plugins = ("random nonce kdf sha2 hmac openssl aesni aes gcm ctr pem pkcs1 x509 "
               "kernel-libipsec kernel-netlink socket-default vici")

    def __init__(self, stage, folder):
        super().__init__(stage, folder)
        self.title = "charon"
        self.env = {"STRONGSWAN_CONF": f"{folder}/strongswan.conf", "SWANCTL_DIR": folder}
        self.vici = f"{folder}/charon.vici"

    def missing(self):
        lacking = [p for p in ("/usr/lib/ipsec/charon", "/usr/sbin/swanctl",
                               "/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so")
                   if not os.path.exists(p)]
        if lacking:
            return f"not there: {' '.join(lacking)} (testing/prepare installs them)"
        return None

    def configure(self):
        write(f"{self.folder}/strongswan.conf", f"""charon {{
	load = {self.plugins}
	dos_protection = no
	ikesa_table_size = 16384
	ikesa_table_segments = 64
	keep_alive = 0
	process_route = no
	plugins {{
		kernel-netlink {{
			roam_events = no
		}}
		vici {{
			socket = unix://{self.vici}
		}}
	}}
	filelog {{
		file {{
			path = {self.folder}/errors.log
			default = -1
		}}
	}}
}}
swanctl {{
	load = random openssl pem pkcs1 x509
}}
""")
        write(f"{self.folder}/swanctl.conf", f"""connections {{
	load {{
		version = 2
		local_addrs = {ADDR}
		proposals = aes128gcm16-prfsha256-{self.case.group}
		unique = never
		mobike = no
{self.credentials()}
		children {{
			net {{
				local_ts = {INNER_OURS}
				remote_ts = {INNER_THEIRS}
				esp_proposals = aes128gcm16
			}}
		}}
	}}
{"".join(self.other(i) for i in range(1, self.case.conns))}}}
secrets {{
	ike-1 {{
		secret = "{PSK}"
	}}
}}
""")

    def start(self):
        # Debian's AppArmor profiles hang on the programs' paths and know nothing of our folders
        for program in ("/usr/lib/ipsec/charon", "/usr/sbin/swanctl"):
            shutil.copy(program, self.folder)
        self.spawn("charon", [f"{self.folder}/charon"], self.env)
        self.wait("charon", lambda: os.path.exists(self.vici))
        try:
            self.swanctl("--load-all")
        except TooLate:
            # in the order of the file, so that the one which is used is there
            self.loaded = len(re.findall(r"^list-conn event", self.swanctl("--list-conns", "--raw"),
                                         re.M))
        version = re.search(r"[0-9]+\.[0-9.]*[0-9]", self.swanctl("--version", "--daemon"))
        self.title = f"charon {version[0] if version else '?'} (kernel-libipsec)"

    def other(self, i):
        """A connection to somebody else."""
        return f"""	other-{i} {{
		version = 2
		local_addrs = {ADDR}
		remote_addrs = {self.other_address(i)}
		proposals = aes128gcm16-prfsha256-{self.case.group}
		local {{
			auth = psk
			id = responder
		}}
		remote {{
			auth = psk
			id = other-{i}
		}}
		children {{
			net {{
				local_ts = {INNER_OURS}
				remote_ts = {self.other_inner(i)}
				esp_proposals = aes128gcm16
			}}
		}}
	}}
"""

    def credentials(self):
        """What the connection says of both ends; the files go where swanctl looks for them."""
        if not self.case.certs:
            return "\t\tlocal {\n\t\t\tauth = psk\n\t\t\tid = responder\n\t\t}\n" \
                   "\t\tremote {\n\t\t\tauth = psk\n\t\t}"
        kind = self.case.kind
        for source, where in ((self.keys.cert("responder", kind), "x509"),
                              (self.keys.cert("ca", kind), "x509ca"),
                              (self.keys.key("responder", kind), "private")):
            os.makedirs(f"{self.folder}/{where}", exist_ok=True)
            shutil.copy(source, f"{self.folder}/{where}")
        return "\t\tsend_cert = always\n\t\tlocal {\n\t\t\tauth = pubkey\n" \
               f"\t\t\tid = responder\n\t\t\tcerts = responder-{kind}.pem\n\t\t}}\n" \
               "\t\tremote {\n\t\t\tauth = pubkey\n\t\t}"

    def swanctl(self, *words):
        return self.command([f"{self.folder}/swanctl", *words, "--uri", f"unix://{self.vici}"],
                            self.env, self.limit)

    def status(self):
        self.swanctl("--list-sas")

    def established(self):
        text = self.swanctl("--list-sas", "--raw")
        return len(re.findall(r"\bstate=ESTABLISHED\b", text)), \
            len(re.findall(r"\bstate=INSTALLED\b", text))
