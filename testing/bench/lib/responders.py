# SPDX-License-Identifier: Apache-2.0
"""The responders of the handshake benchmark, each with settings that cost it as little as they can:
nothing logged but errors, no protection against floods (all handshakes come from one address), a
new SA never replaces an older one, one connection for any peer with the same pre-shared key, inner
addresses narrowed from 10.0.0.0/8 by each peer, no script and no route for each SA."""
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


class TooLate(Failed):
    """A command that did not end in time."""


def write(path, text, mode=0o600):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    os.chmod(path, mode)


GROUPS = {"x25519": "X25519", "ecp256": "P-256", "modp2048": "MODP-2048"}
# with certificates, and with keys that are written in the configuration
AUTHS = {"psk": "PSK", "rsa": "RSA-2048", "ecdsa": "ECDSA-P256"}
RAW_AUTHS = {"rsa-raw": "RSA-2048, raw keys", "ecdsa-raw": "ECDSA-P256, raw keys"}


class Case:
    """What is negotiated, and what the responder has to carry meanwhile."""

    def __init__(self, auth="psk", group="x25519", conns=1, held=0):
        self.auth, self.group, self.conns, self.held = auth, group, conns, held

    @property
    def kind(self):
        """Of the key that signs; None: there is none."""
        return None if self.auth == "psk" else self.auth.partition("-")[0]

    @property
    def certs(self):
        return self.auth in ("rsa", "ecdsa")

    def __str__(self):
        return f"{self.auth}/{self.group}/{self.conns}/{self.held}"


class Responder:
    """A program with its children in a network namespace; folder is its own."""
    key = title = None
    netns = "responder"
    case, keys = Case(), None
    limit = COMMAND_SECONDS  # for what takes longer with more connections and SAs
    loaded = None  # connections, where it was fewer than wanted when the time was over

    def __init__(self, stage, folder):
        self.stage, self.folder = stage, folder
        self.children = {}

    @staticmethod
    def other_address(i):
        """Of connections that nobody uses."""
        return f"172.{16 + (i >> 16)}.{i >> 8 & 255}.{i & 255}"

    @staticmethod
    def other_inner(i):
        return f"11.{i >> 16}.{i >> 8 & 255}.{i & 255}/32"

    def configure(self):
        """Writes its files."""

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

    def command(self, argv, env=None, limit=COMMAND_SECONDS):
        try:
            done = subprocess.run(["ip", "netns", "exec", self.netns, *argv], check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace",
                                  timeout=limit, env={**os.environ, **(env or {})})
        except subprocess.TimeoutExpired as e:
            raise TooLate(f"{' '.join(argv)}: no end after {limit} s") from e
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
        x509 = '"creds-x509", ' if self.case.certs else ""
        write(f"{self.folder}/modswan/modswan.conf",
              f'plugins = [ "{self.kernel}", "net-rtnetlink", "crypto-openssl", "creds-secrets",\n'
              f'\t{x509}"config-ipsecconf", "control-whack" ];\n'
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
        if self.case.kind:
            secret = f': {self.case.kind.upper()} {self.keys.key("responder", self.case.kind)}\n'
        write(f"{self.folder}/ipsec.secrets", secret)
        if self.case.certs:
            for name, where in (("responder", "certs"), ("ca", "cacerts")):
                os.makedirs(f"{self.folder}/ipsec.d/{where}", exist_ok=True)
                shutil.copy(self.keys.cert(name, self.case.kind), f"{self.folder}/ipsec.d/{where}")

    def credentials(self):
        if self.case.auth == "psk":
            return "\tauthby=secret"
        how = "\tauthby=" + ("rsasig" if self.case.kind == "rsa" else self.case.kind)
        if self.case.certs:
            return f"{how}\n\tleftcert=responder-{self.case.kind}.pem"
        ours, theirs = (self.keys.public(who, self.case.kind) for who in ("responder", "initiator"))
        return f"{how}\n\tleftpubkey={ours}\n\trightpubkey={theirs}"

    def other(self, i):
        """A connection to somebody else."""
        return f"""
conn other-{i}
	left={ADDR}
	leftid=@responder
	leftsubnet={INNER_OURS}
	right={self.other_address(i)}
	rightid=@other-{i}
	rightsubnet={self.other_inner(i)}
	authby=secret
	auto=add
"""

    def places(self):
        return ["--confdir", self.folder, "--rundir", f"{self.folder}/run"]

    def ipsec(self, *words):
        return self.command([f"{self.stage}/sbin/ipsec", *self.places(), *words],
                            limit=self.limit)

    def status(self):
        self.ipsec("status")

    def start(self):
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
        os.makedirs(f"{self.folder}/run", exist_ok=True)
        self.spawn("klips", [f"{self.stage}/libexec/ipsec/klips", *self.places(), "--nofork"])
        self.wait("klips", lambda: os.path.exists(f"{self.folder}/run/klips.sock"))
        super().start()

    def established(self):
        """What klips does not hold counts as not established."""
        ike, child = super().established()
        eroutes = len(re.findall(r"=> (?:tun|esp)0x", self.ipsec("eroute")))
        return ike, min(child, eroutes)


OURS = [Pluto, PlutoKlips]
