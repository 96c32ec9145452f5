# SPDX-License-Identifier: Apache-2.0
"""The tunnels of the ESP benchmark: each joins the same two network namespaces, "left" and "right",
and says between which addresses traffic goes through it."""
import os
import re
import shutil
import subprocess
import time

from responders import PSK, START_SECONDS, Failed, Responder, write

OUTER = {"left": "192.0.2.1", "right": "192.0.2.2"}
INNER = {"left": "10.1.0.1", "right": "10.2.0.1"}
DEVICE = {"left": "172.16.5.1", "right": "172.16.5.2"}


def other(side):
    return "right" if side == "left" else "left"


class Gateway(Responder):
    """One side of a tunnel."""

    def __init__(self, stage, folder, side, choice):
        super().__init__(stage, f"{folder}/{side}")
        self.side, self.netns, self.choice = side, side, choice
        os.makedirs(self.folder, exist_ok=True)

    def measured(self):
        """The processes that carry packets."""
        return [child.pid for child in self.children.values()]

    def up(self):
        """Called on left when both have started."""


class Klips(Gateway):
    """Our pluto and klips."""

    def places(self):
        return ["--confdir", self.folder, "--rundir", f"{self.folder}/run"]

    def ipsec(self, *words):
        return self.command([f"{self.stage}/sbin/ipsec", *self.places(), *words])

    def start(self):
        esp, encapsulation = self.choice
        there = other(self.side)
        write(f"{self.folder}/ipsec.conf", f"""version 2.0
config setup
	interfaces="ipsec0=veth0"
	protostack=klips

conn bench
	left={OUTER[self.side]}
	leftsubnet={INNER[self.side]}/32
	leftsourceip={INNER[self.side]}
	right={OUTER[there]}
	rightsubnet={INNER[there]}/32
	authby=secret
	ike=aes_gcm128-sha2_256-x25519
	esp={esp}
	encapsulation={encapsulation}
	auto=add
""")
        write(f"{self.folder}/ipsec.secrets", f': PSK "{PSK}"\n')
        os.makedirs(f"{self.folder}/run", exist_ok=True)
        options = os.environ.get("MS_KLIPS_OPTIONS", "").split()
        self.spawn("klips", [f"{self.stage}/libexec/ipsec/klips", *self.places(), "--nofork",
                             "--stderrlog", *options])
        self.wait("klips", lambda: os.path.exists(f"{self.folder}/run/klips.sock"))
        self.spawn("pluto", [f"{self.stage}/libexec/ipsec/pluto", *self.places(), "--nofork"])
        self.wait("pluto", lambda: os.path.exists(f"{self.folder}/run/pluto.ctl"))
        self.wait("pluto", lambda: f"{OUTER[self.side]}:500" in self.command(["ss", "-Hlnu"]))
        self.wait("pluto", lambda: '"bench"' in self.ipsec("status"))

    def up(self):
        self.ipsec("auto", "--up", "bench")

    def measured(self):
        return [self.children["klips"].pid]


class Libipsec(Gateway):
    """strongSwan's charon with kernel-libipsec, as Debian has it."""
    plugins = ("random nonce aesni openssl aes sha1 sha2 hmac kdf gcm ctr chapoly kernel-libipsec "
               "kernel-netlink socket-default vici")

    def start(self):
        there = other(self.side)
        self.vici = f"{self.folder}/charon.vici"
        self.env = {"STRONGSWAN_CONF": f"{self.folder}/strongswan.conf",
                    "SWANCTL_DIR": self.folder}
        write(self.env["STRONGSWAN_CONF"], f"""charon {{
	load = {self.plugins}
	plugins {{
		vici {{
			socket = unix://{self.vici}
		}}
	}}
}}
swanctl {{
	load = random openssl
}}
""")
        write(f"{self.folder}/swanctl.conf", f"""connections {{
	bench {{
		version = 2
		local_addrs = {OUTER[self.side]}
		remote_addrs = {OUTER[there]}
		proposals = aes128-sha256-ecp256
		local {{
			auth = psk
		}}
		remote {{
			auth = psk
		}}
		children {{
			net {{
				local_ts = {INNER[self.side]}/32
				remote_ts = {INNER[there]}/32
				esp_proposals = {self.choice}
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
        # its pid file has one fixed place
        self.spawn("charon", ["unshare", "--mount", "sh", "-c",
                              f"mkdir -p {self.folder}/run && mount --bind {self.folder}/run "
                              f"/var/run && exec {self.folder}/charon"], self.env)
        self.wait("charon", lambda: os.path.exists(self.vici))
        self.swanctl("--load-all")

    def swanctl(self, *words):
        return self.command([f"{self.folder}/swanctl", *words, "--uri", f"unix://{self.vici}"],
                            self.env)

    def up(self):
        self.swanctl("--initiate", "--child", "net")


class WireguardGo(Gateway):
    """wireguard-go in Debian 13's root, or this system's own."""

    @property
    def device(self):
        return f"wg-{self.side}"

    def run(self, *words, **kw):
        root = self.choice
        return subprocess.run((["chroot", root] if root else []) + list(words), check=True,
                              stdout=subprocess.PIPE, text=True, **kw).stdout.strip()

    def start(self):
        root = self.choice
        if root:
            for where, kind in (("dev", ["--bind", "/dev"]), ("proc", ["-t", "proc", "proc"])):
                if not os.path.ismount(f"{root}/{where}"):
                    subprocess.run(["mount", *kind, f"{root}/{where}"], check=True)
        self.spawn("wireguard-go", (["chroot", root] if root else []) +
                   ["wireguard-go", "-f", self.device], {"LOG_LEVEL": "error"})
        self.wait("wireguard-go", lambda: self.device in self.command(["ip", "-br", "link"]))
        self.key = self.run("wg", "genkey")
        self.public = self.run("wg", "pubkey", input=self.key)
        write(f"{self.folder}/../{self.side}.pub", self.public)
        self.command(["ip", "addr", "add", f"{DEVICE[self.side]}/24", "dev", self.device])
        self.command(["ip", "link", "set", self.device, "mtu", "1420", "up"])

    def peer(self, public):
        there = other(self.side)
        name = f"key-{self.side}"
        path = f"{self.choice or ''}/tmp/{name}"
        write(path, self.key)
        self.command((["chroot", self.choice] if self.choice else []) + [
            "wg", "set", self.device, "listen-port", "51820", "private-key", f"/tmp/{name}",
            "peer", public, "allowed-ips", f"{DEVICE[there]}/32",
            "endpoint", f"{OUTER[there]}:51820"])
        os.unlink(path)


class Openvpn(Gateway):
    """OpenVPN with TLS between two peers, its kernel part switched off."""

    def start(self):
        base = os.path.dirname(self.folder)
        there = other(self.side)
        if not os.path.exists(f"{base}/ov.key"):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{base}/ov.key", "-out",
                 f"{base}/ov.crt", "-subj", "/CN=bench", "-days", "2", "-addext",
                 "keyUsage=digitalSignature,keyCertSign", "-addext",
                 "extendedKeyUsage=serverAuth,clientAuth"], check=True, stderr=subprocess.DEVNULL)
        role = ["--tls-server", "--dh", "none"] if self.side == "left" else ["--tls-client"]
        self.spawn("openvpn", ["openvpn", "--dev", "tun", "--data-ciphers", self.choice, "--cert",
                               f"{base}/ov.crt", "--key", f"{base}/ov.key", "--ca",
                               f"{base}/ov.crt", "--disable-dco", "--verb", "1", *role, "--local",
                               OUTER[self.side], "--remote", OUTER[there], "--ifconfig",
                               DEVICE[self.side], DEVICE[there]])


class Tunnel:
    """Two gateways; end points of the traffic."""
    gateway = None

    def __init__(self, key, title, choice, ends=INNER):
        self.key, self.title, self.choice, self.ends = key, title, choice, ends
        self.sides = {}

    def missing(self, stage):
        """Why it cannot be had here, or None."""
        del stage
        return None

    def start(self, stage, folder):
        self.sides = {s: self.gateway(stage, folder, s, self.choice) for s in ("left", "right")}
        for side in self.sides.values():
            side.start()
        self.sides["left"].up()
        self.wait()

    def wait(self):
        """Until a ping comes through."""
        end = time.monotonic() + START_SECONDS
        while True:
            done = subprocess.run(["ip", "netns", "exec", "left", "ping", "-q", "-c1", "-W1", "-I",
                                   self.ends["left"], self.ends["right"]], check=False,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if done.returncode == 0:
                return
            if time.monotonic() > end:
                logs = "".join(f"\n{s}/{n}: {g.log(n)}" for s, g in self.sides.items()
                               for n in g.children)
                raise Failed(f"{self.key}: no ping comes through{logs}")
            time.sleep(0.1)

    def pids(self):
        """Of both gateways, each a list."""
        return [side.measured() for side in self.sides.values()]

    def alive(self):
        for side in self.sides.values():
            side.usage()

    def stop(self):
        for side in self.sides.values():
            side.stop()
        self.sides = {}


class NoTunnel(Tunnel):
    """The wire itself."""

    def start(self, stage, folder):
        self.wait()


class KlipsTunnel(Tunnel):
    gateway = Klips

    def missing(self, stage):
        lacking = [p for p in ("libexec/ipsec/klips", "libexec/ipsec/pluto",
                               "lib/modswan/plugins/kernel-klips.so")
                   if not os.path.exists(f"{stage}/{p}")]
        return f"not built: {' '.join(lacking)}" if lacking else None


class LibipsecTunnel(Tunnel):
    gateway = Libipsec

    def missing(self, stage):
        lacking = [p for p in ("/usr/lib/ipsec/charon", "/usr/sbin/swanctl",
                               "/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so")
                   if not os.path.exists(p)]
        return f"not there: {' '.join(lacking)}" if lacking else None


class WireguardTunnel(Tunnel):
    gateway = WireguardGo

    def missing(self, stage):
        if self.choice is None:
            return "no Debian 13 root, and no wireguard-go here"
        return None

    def start(self, stage, folder):
        self.sides = {s: WireguardGo(stage, folder, s, self.choice) for s in ("left", "right")}
        for side in self.sides.values():
            side.start()
        for name, side in self.sides.items():
            side.peer(self.sides[other(name)].public)
        self.wait()


class OpenvpnTunnel(Tunnel):
    gateway = Openvpn

    def missing(self, stage):
        return None if shutil.which("openvpn") else "openvpn is not installed"


def version_of(package, root=None):
    done = subprocess.run((["chroot", root] if root else []) +
                          ["dpkg-query", "-W", "-f", "${Version}", package], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = re.match(r"(?:\d+:)?([\w.]+)", done.stdout)
    return found[1] if found else "?"


SUITES = [("aes-gcm", "aes_gcm128", "aes128gcm16", "AES-GCM-128"),
          ("cbc-sha1", "aes_cbc128-sha1", "aes128-sha1", "AES-CBC-128 SHA-1"),
          ("cbc-sha2", "aes_cbc128-sha2_256", "aes128-sha256", "AES-CBC-128 SHA-256"),
          ("chacha", "chacha20_poly1305", "chacha20poly1305", "ChaCha20-Poly1305")]


def all_tunnels(trixie_root):
    """In the order of the table."""
    found = [NoTunnel("none", "no IPsec", None, OUTER)]
    for name, esp, _, text in SUITES:
        for how, encapsulation in (("raw", "no"), ("udp", "yes")):
            found.append(KlipsTunnel(f"klips-{how}-{name}", f"klips {how}, {text}",
                                     (esp, encapsulation)))
    libipsec = version_of("libcharon-extra-plugins")
    for name, _, esp, text in SUITES:
        found.append(LibipsecTunnel(f"libipsec-{name}", f"kernel-libipsec {libipsec}, {text}", esp))
    root = trixie_root if trixie_root else ("" if shutil.which("wireguard-go") else None)
    found.append(WireguardTunnel("wireguard-go", "wireguard-go " +
                                 (version_of("wireguard-go", root) if root is not None else ""),
                                 root, DEVICE))
    found.append(OpenvpnTunnel("openvpn", f"openvpn {version_of('openvpn')}, AES-GCM-128",
                               "AES-128-GCM", DEVICE))
    return found
