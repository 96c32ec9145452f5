# SPDX-License-Identifier: Apache-2.0
"""The responders of the handshake benchmark, each with settings that cost it as little as they can:
nothing logged but errors, no protection against floods (all handshakes come from one address), a
new SA never replaces an older one, one connection for any peer with the same pre-shared key, inner
addresses narrowed from 10.0.0.0/8 by each peer, no script and no route for each SA."""
import base64
import os
import re
import shutil
import subprocess
import time

from figures import cpu_seconds, resident_octets

ADDR = "192.0.2.2"
INITIATOR = "192.0.2.1"
PSK = "a shared key of the benchmark"
INNER_OURS = "198.51.100.0/24"
INNER_HOST = "198.51.100.1"  # kernel-libipsec refuses selectors that none of its addresses is in
INNER_THEIRS = "10.0.0.0/8"
START_SECONDS = 15
COMMAND_SECONDS = 60


class Failed(Exception):
    """A responder that does not do what the benchmark needs."""


def write(path, text, mode=0o600):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    os.chmod(path, mode)


GROUPS = {"x25519": "X25519", "ecp256": "P-256", "modp2048": "MODP-2048"}
AUTHS = {"psk": "PSK", "rsa": "RSA-2048", "ecdsa": "ECDSA-P256"}


class Case:
    """What is negotiated, and what the responder has to carry meanwhile."""

    def __init__(self, auth="psk", group="x25519", conns=1, held=0):
        self.auth, self.group, self.conns, self.held = auth, group, conns, held

    def __str__(self):
        return f"{self.auth}/{self.group}/{self.conns}/{self.held}"


def make_keys(folder):
    """Key pairs of both sides, once: {(who, auth): (file, 0s... of the public half)}"""
    keys = {}
    for who in ("responder", "initiator"):
        for auth, words in (("rsa", ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
                            ("ecdsa", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])):
            path = f"{folder}/{who}-{auth}.pem"
            subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", *words, "-out", path],
                           check=True, stderr=subprocess.DEVNULL)
            der = subprocess.run(["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"],
                                 check=True, stdout=subprocess.PIPE).stdout
            keys[who, auth] = (path, "0s" + base64.b64encode(der).decode())
    return keys


class Responder:
    """A program with its children in a network namespace; folder is its own."""
    key = title = None
    netns = "responder"
    case, keys = Case(), {}

    def __init__(self, stage, folder):
        self.stage, self.folder = stage, folder
        self.children = {}

    def missing(self):
        """Why it cannot be measured, or None."""
        return None

    def spawn(self, name, argv, env=None):
        with open(f"{self.folder}/{name}.log", "ab") as log:
            self.children[name] = subprocess.Popen(
                ["ip", "netns", "exec", self.netns, *argv], stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})

    def log(self, name):
        try:
            with open(f"{self.folder}/{name}.log", encoding="utf-8", errors="replace") as f:
                return "".join(f.readlines()[-15:])
        except OSError:
            return ""

    def wait(self, name, ready):
        """Until the child is ready."""
        end = time.monotonic() + START_SECONDS
        while not ready():
            if self.children[name].poll() is not None:
                raise Failed(f"{name} ended at its start:\n{self.log(name)}")
            if time.monotonic() > end:
                raise Failed(f"{name} is not ready after {START_SECONDS} s:\n{self.log(name)}")
            time.sleep(0.05)

    def command(self, argv, env=None):
        try:
            done = subprocess.run(["ip", "netns", "exec", self.netns, *argv], check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace",
                                  timeout=COMMAND_SECONDS, env={**os.environ, **(env or {})})
        except subprocess.TimeoutExpired as e:
            raise Failed(f"{' '.join(argv)}: no end after {COMMAND_SECONDS} s") from e
        if done.returncode != 0:
            raise Failed(f"{' '.join(argv)} failed ({done.returncode}):\n{done.stdout[-2000:]}")
        return done.stdout

    def pids(self):
        return {name: child.pid for name, child in self.children.items()}

    def usage(self):
        """{process: (CPU seconds, resident octets)}"""
        for name, child in self.children.items():
            if child.poll() is not None:
                raise Failed(f"{name} died ({child.returncode}):\n{self.log(name)}")
        return {n: (cpu_seconds(p), resident_octets(p)) for n, p in self.pids().items()}

    def stop(self):
        for child in reversed(self.children.values()):
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children = {}


class Pluto(Responder):
    """Our key daemon with a kernel that protects nothing."""
    key = title = "pluto-null"
    stack, kernel = "null", "kernel-null"
    programs = ["pluto"]

    def missing(self):
        paths = [f"{self.stage}/libexec/ipsec/{p}" for p in self.programs]
        paths.append(f"{self.stage}/lib/modswan/plugins/{self.kernel}.so")
        lacking = [p for p in paths if not os.path.exists(p)]
        return f"not built: {' '.join(lacking)}" if lacking else None

    def configure(self):
        write(f"{self.folder}/modswan/modswan.conf",
              f'plugins = [ "{self.kernel}", "net-rtnetlink", "crypto-openssl", "creds-secrets",\n'
              '\t"config-ipsecconf", "control-whack" ];\n'
              'log-syslog = false;\nlog-level = "error";\n')
        write(f"{self.folder}/ipsec.conf", f"""version 2.0
config setup
	protostack={self.stack}
	uniqueids=no
	ddos-mode=unlimited

conn load
	left={ADDR}
	leftid=@responder
	leftsubnet={INNER_OURS}
	right=%any
	rightsubnet={INNER_THEIRS}
{self.credentials()}
	ike=aes_gcm128-sha2_256-{self.case.group}
	esp=aes_gcm128
	narrowing=yes
	auto=add
{"".join(self.other(i) for i in range(1, self.case.conns))}""")
        secret = f': PSK "{PSK}"\n'
        if self.case.auth != "psk":
            secret = f': {self.case.auth.upper()} {self.keys["responder", self.case.auth][0]}\n'
        write(f"{self.folder}/ipsec.secrets", secret)

    def credentials(self):
        if self.case.auth == "psk":
            return "\tauthby=secret"
        ours, theirs = (self.keys[who, self.case.auth][1] for who in ("responder", "initiator"))
        how = "rsasig" if self.case.auth == "rsa" else self.case.auth
        return f"\tauthby={how}\n\tleftpubkey={ours}\n\trightpubkey={theirs}"

    @staticmethod
    def other(i):
        """A connection to somebody else."""
        return f"""
conn other-{i}
	left={ADDR}
	leftid=@responder
	leftsubnet={INNER_OURS}
	right=172.{16 + (i >> 16)}.{i >> 8 & 255}.{i & 255}
	rightid=@other-{i}
	rightsubnet=11.{i >> 16}.{i >> 8 & 255}.{i & 255}/32
	authby=secret
	auto=add
"""

    def places(self):
        return ["--confdir", self.folder, "--rundir", f"{self.folder}/run"]

    def ipsec(self, *words):
        return self.command([f"{self.stage}/sbin/ipsec", *self.places(), *words])

    def start(self):
        self.configure()
        os.makedirs(f"{self.folder}/run", exist_ok=True)
        self.spawn("pluto", [f"{self.stage}/libexec/ipsec/pluto", *self.places(), "--nofork"])
        self.wait("pluto", lambda: os.path.exists(f"{self.folder}/run/pluto.ctl"))
        self.wait("pluto", lambda: f"{ADDR}:500" in self.sockets())

    def sockets(self):
        return self.command(["ss", "-Hlnu"])

    def load(self):
        """How long turns of the loop took, and what jobs cost: {p99_us, longest_us, job_us}"""
        text = self.ipsec("whack", "--briefstatus")
        turn = re.search(r"p99\((\d+) us\), longest\((\d+) us\)", text)
        jobs = re.search(r"processor time\((\d+) us\)", text)
        return {"p99_us": int(turn[1]), "longest_us": int(turn[2]), "job_us": int(jobs[1])}

    def established(self):
        """IKE SAs and CHILD SAs that it holds."""
        text = self.ipsec("whack", "--briefstatus")
        ike = re.search(r"IKE SAs: .*[ ,]authenticated\((\d+)\)", text)
        child = re.search(r"IPsec SAs: .*[ ,]authenticated\((\d+)\)", text)
        if not ike or not child:
            raise Failed(f"no counts in the brief status:\n{text}")
        return int(ike[1]), int(child[1])


class PlutoKlips(Pluto):
    """Our key daemon with our data plane, which gets every SA and eroute."""
    key = title = "pluto-klips"
    stack, kernel = "klips", "kernel-klips"
    programs = ["pluto", "klips"]

    def start(self):
        self.configure()
        os.makedirs(f"{self.folder}/run", exist_ok=True)
        self.spawn("klips", [f"{self.stage}/libexec/ipsec/klips", *self.places(), "--nofork"])
        self.wait("klips", lambda: os.path.exists(f"{self.folder}/run/klips.sock"))
        super().start()

    def established(self):
        """What klips does not hold counts as not established."""
        ike, child = super().established()
        eroutes = len(re.findall(r"=> (?:tun|esp)0x", self.ipsec("eroute")))
        return ike, min(child, eroutes)


class Charon(Responder):
    """strongSwan's key daemon as Debian builds it, with its own data plane in user space."""
    key = "charon"
    # of several orders the cheapest: its own HMAC, but OpenSSL's X25519 and AES-GCM
    plugins = ("random nonce kdf sha2 hmac openssl aesni aes gcm ctr kernel-libipsec "
               "kernel-netlink socket-default vici")

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

    def start(self):
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
	load = random openssl
}}
""")
        write(f"{self.folder}/swanctl.conf", f"""connections {{
	load {{
		version = 2
		local_addrs = {ADDR}
		proposals = aes128gcm16-prfsha256-{self.case.group}
		unique = never
		mobike = no
		local {{
			auth = psk
			id = responder
		}}
		remote {{
			auth = psk
		}}
		children {{
			net {{
				local_ts = {INNER_OURS}
				remote_ts = {INNER_THEIRS}
				esp_proposals = aes128gcm16
			}}
		}}
	}}
}}
secrets {{
	ike-1 {{
		secret = "{PSK}"
	}}
}}
""")
        # Debian's AppArmor profiles hang on the programs' paths and know nothing of our folders
        for program in ("/usr/lib/ipsec/charon", "/usr/sbin/swanctl"):
            shutil.copy(program, self.folder)
        self.spawn("charon", [f"{self.folder}/charon"], self.env)
        self.wait("charon", lambda: os.path.exists(self.vici))
        self.swanctl("--load-all")
        version = re.search(r"[0-9]+\.[0-9.]*[0-9]", self.swanctl("--version", "--daemon"))
        self.title = f"charon {version[0] if version else '?'} (kernel-libipsec)"

    def swanctl(self, *words):
        return self.command([f"{self.folder}/swanctl", *words, "--uri", f"unix://{self.vici}"],
                            self.env)

    def established(self):
        text = self.swanctl("--list-sas", "--raw")
        return len(re.findall(r"\bstate=ESTABLISHED\b", text)), \
            len(re.findall(r"\bstate=INSTALLED\b", text))


ALL = [Pluto, PlutoKlips, Charon]
