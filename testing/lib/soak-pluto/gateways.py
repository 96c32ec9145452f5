# SPDX-License-Identifier: Apache-2.0
"""The two gateways of the soak: pluto and klips in a namespace, its commands, figures and faults."""
import json
import os
import re
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LIB = os.path.dirname(HERE)
COMMAND_SECONDS = 60
START_SECONDS = 30

# name of the connection, algorithms, what else, family of the inner addresses
CONNS = [("gcm", "aes_gcm128", "", 4),
         ("cbc", "aes128-sha2_256", "\tencapsulation=yes\n", 4),
         ("chacha", "chacha20_poly1305", "", 6)]

CONF = """version 2.0
config setup
	interfaces="ipsec0=eth1"
	protostack=klips
	uniqueids=yes

conn %default
	left={here}
	leftid=@{name}
	right={there}
	rightid=@{other}
	authby=secret
	ikelifetime=60s
	salifetime=25s
	rekeymargin=6s
	rekeyfuzz=100%
	dpddelay=4s
	dpdaction=restart
	retransmit-timeout=15s
	keyingtries=%forever
"""

CONN = """
conn {conn}
	leftsubnet={mine}
	rightsubnet={theirs}
	esp={esp}
{more}	auto=start
"""


class Failed(Exception):
    """The soak has found something."""


def subnet(side, n, family):
    return f"10.{side}.{n}.0/24" if family == 4 else f"fd0{side}:{n}::/64"


def inside(side, n, family):
    return f"10.{side}.{n}.1" if family == 4 else f"fd0{side}:{n}::1"


def write(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)
    os.chmod(path, 0o600)


class Gateway:
    def __init__(self, name, side, stage, work):
        self.name, self.side, self.stage = name, side, stage
        self.other = "right" if name == "left" else "left"
        self.address, self.peer = f"192.0.2.{side}", f"192.0.2.{3 - side}"
        self.folder = f"{work}/{name}"
        self.traffic = None
        self.flows = [[n, inside(side, n, c[3]), inside(3 - side, n, c[3])]
                      for n, c in enumerate(CONNS, 1)]

    # --- commands --------------------------------------------------------------------------------

    def run(self, *argv, check=True):
        try:
            done = subprocess.run(["ip", "netns", "exec", self.name, *argv], check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, errors="replace",
                                  timeout=COMMAND_SECONDS,
                                  env={**os.environ, "PYTHONPATH": LIB})
        except subprocess.TimeoutExpired as e:
            raise Failed(f"{self.name}: {' '.join(argv)}: no end after {COMMAND_SECONDS} s") from e
        if check and done.returncode != 0:
            raise Failed(f"{self.name}: {' '.join(argv)} failed ({done.returncode}):\n"
                         f"{done.stdout[-2000:]}")
        return done.stdout

    def ipsec(self, *words, check=True):
        return self.run(f"{self.stage}/sbin/ipsec", "--confdir", self.folder, "--rundir",
                        f"{self.folder}/run", *words, check=check)

    # --- life ------------------------------------------------------------------------------------

    def network(self):
        self.run("ip", "link", "set", "lo", "up")
        self.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0",
                 "net.ipv4.conf.default.rp_filter=0", "net.ipv6.conf.eth1.disable_ipv6=1")
        self.run(sys.executable, "-c", "import soak_wire; soak_wire.no_offloads('eth1')")
        self.run("ip", "addr", "add", f"{self.address}/24", "dev", "eth1")
        self.run("ip", "link", "set", "eth1", "up")
        for _, here, _ in self.flows:
            self.run("ip", "addr", "add", f"{here}/{128 if ':' in here else 32}", "dev", "lo")

    def configure(self):
        os.makedirs(f"{self.folder}/run")
        text = CONF.format(here=self.address, there=self.peer, name=self.name, other=self.other)
        for n, (conn, esp, more, family) in enumerate(CONNS, 1):
            text += CONN.format(conn=conn, esp=esp, more=more, mine=subnet(self.side, n, family),
                                theirs=subnet(3 - self.side, n, family))
        write(f"{self.folder}/ipsec.conf", text)
        write(f"{self.folder}/ipsec.secrets", ': PSK "a key of the soak"\n')
        write(f"{self.folder}/modswan.conf", "log-syslog = false;\nlog-level = \"warning\";\n"
              f'log-file = "{self.folder}/pluto.log";\n')

    def start(self):
        self.ipsec("setup", "start")

    def stop(self):
        self.ipsec("setup", "stop")

    def start_traffic(self, seed, per_second, octets_per_second):
        with open(f"{self.folder}/traffic.log", "ab") as log:
            self.traffic = subprocess.Popen(
                ["ip", "netns", "exec", self.name, sys.executable, f"{HERE}/traffic.py",
                 f"{self.folder}/traffic.json", str(seed), json.dumps(self.flows),
                 str(per_second), str(octets_per_second)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop_traffic(self):
        if self.traffic is not None:
            self.traffic.kill()
            self.traffic.wait()

    # --- figures ---------------------------------------------------------------------------------

    def pid(self, daemon):
        try:
            with open(f"{self.folder}/run/{daemon}.pid", encoding="ascii") as f:
                pid = int(f.read())
            os.kill(pid, 0)
            return pid
        except (OSError, ValueError):
            return None

    def figures(self):
        """{name: number} of both daemons and of the tables."""
        found = {}
        for daemon in ("pluto", "klips"):
            pid = self.pid(daemon)
            if pid is None:
                raise Failed(f"{self.name}: {daemon} is gone")
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii", errors="replace") as f:
                found[f"{daemon}_rss_kb"] = int(re.search(r"^Rss: +(\d+)", f.read(), re.M)[1])
            # what it has asked for, touched or not: packet buffers fill up slowly
            with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
                found[f"{daemon}_data_kb"] = int(re.search(r"^VmData:\s+(\d+)", f.read(), re.M)[1])
            found[f"{daemon}_fds"] = len(os.listdir(f"/proc/{pid}/fd"))
        # without SPIs that a pluto which was killed had asked for: klips drops them after five minutes
        found["sas"] = len(re.findall(r"(IPIP|ESP_\w+): ", self.ipsec("spi")))
        found["eroutes"] = len(self.ipsec("eroute").splitlines())
        return found

    def flows_seen(self):
        """What the traffic has counted, as {(kind, flow): count}, and the wrong packets."""
        with open(f"{self.folder}/traffic.json", encoding="ascii") as f:
            t = json.load(f)
        seen = {("tcp", n): c for n, c in t["tcp_octets"].items()}
        seen.update({("udp", n): c for n, c in t["udp_back"].items()})
        return seen, t

    # --- faults ----------------------------------------------------------------------------------

    def kill_pluto(self):
        pid = self.pid("pluto")
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        end = time.monotonic() + START_SECONDS
        while self.pid("pluto") is not None and time.monotonic() < end:
            time.sleep(0.05)

    def flap(self, seconds):
        self.run("ip", "link", "set", "eth1", "down")
        time.sleep(seconds)
        self.run("ip", "link", "set", "eth1", "up")

    def change_address(self, seconds):
        """The address goes and comes back."""
        self.run("ip", "addr", "del", f"{self.address}/24", "dev", "eth1")
        time.sleep(seconds)
        self.run("ip", "addr", "add", f"{self.address}/24", "dev", "eth1")
