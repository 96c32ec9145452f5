# SPDX-License-Identifier: Apache-2.0
"""The hosts of the scenario interop, for interop.py: commands there, pings, waiting, what the wire saw.
argv[1] is the world."""
import os
import subprocess
import sys
import time

WORLD = sys.argv[1]
CLIENTS = [("sunset", "192.0.1.1", "192.0.2.1"), ("sunrise", "192.0.2.1", "192.0.1.1")]
MORE = CLIENTS + [("sunset", "10.1.0.1", "10.2.0.1"), ("sunset", "192.0.1.1", "10.2.0.1"),
                  ("sunrise", "192.0.2.1", "10.1.0.1")]
HOSTS = [("west", "192.1.2.45", "192.1.2.23"), ("east", "192.1.2.23", "192.1.2.45")]
PATIENCE = 30


class Failed(Exception):
    pass


def pid_of(host):
    with open("%s/%s.pid" % (WORLD, host), encoding="ascii") as f:
        return f.read().strip()


def on(host, *command, **env):
    """(status, output) of a command there."""
    try:
        done = subprocess.run(["nsenter", "-t", pid_of(host), "-m", "-u", "-n", "-p", "-r", "-w", "--",
                               *command], env=dict(os.environ, **env), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return 124, "no end within 60 s: %s" % " ".join(command)
    return done.returncode, done.stdout


def wait(what, condition, patience=PATIENCE):
    """Until it is true; False or a text (what is wrong) if it is not yet."""
    end, wrong = time.monotonic() + patience, None
    while time.monotonic() < end:
        wrong = condition()
        if wrong is True:
            return
        time.sleep(0.1)
    raise Failed("%s: not within %d s%s" % (what, patience, ": " + wrong if wrong else ""))


def ping(pairs):
    """All of three come back; on a busy machine a packet may get lost, and then three others."""
    for host, source, target in pairs:
        for _ in range(4):
            status, out = on(host, "ping", "-n", "-q", "-i", "0.05", "-W", "2", "-c", "3", "-p",
                             "4d6f645377616e21", "-I", source, target)
            if status == 0 and " 3 received" in out:
                break
        else:
            raise Failed("ping %s from %s: %s" % (target, source, " ".join(out.split("\n")[-3:])))


def captured(what):
    """How many such packets went over the wire so far."""
    return subprocess.run(["tcpdump", "-n", "-r", WORLD + "/public.pcap", what], capture_output=True,
                          text=True, check=False).stdout.count("\n")
