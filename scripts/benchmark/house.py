"""The processes of a measurement, which end with it whatever happens."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
API = "/_synapse/client/super_invites"
TICK = os.sysconf("SC_CLK_TCK")
AS_TOKEN = "the-application-services-token"

# The limits are meant for people, and would cut a load test short.
LIMITED = ("rooms_entered", "chats_made", "invites_saved", "codes_chosen", "room_lookups", "links_shared")
NO_LIMITS = ", ".join(f"{what}{end}: null" for what in LIMITED for end in ("", "_in_all"))
NO_LIMITS = "{redemptions_in_vain: null, %s}" % NO_LIMITS

REGISTRATION = f"""id: super-invites
url: null
as_token: {AS_TOKEN}
hs_token: the-homeservers-token
sender_localpart: super-invites
rate_limited: false
namespaces: {{users: [{{regex: '^@.*:test$', exclusive: false}}], aliases: [], rooms: []}}
"""

# Synapse's rate limits would cut the Python module's redemptions short; they are lifted for both.
HIGH = "{per_second: 100000, burst_count: 100000}"
SYNAPSE_LIMITS = f"""rc_message: {HIGH}
rc_room_creation: {HIGH}
rc_joins: {{local: {HIGH}, remote: {HIGH}}}
rc_joins_per_room: {HIGH}
rc_invites: {{per_room: {HIGH}, per_user: {HIGH}, per_issuer: {HIGH}}}
"""


def say(text):
    print(f"\033[1m==>\033[0m {text}", file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Process:
    """A process with its children, in a session of its own: Ctrl-C only reaches this script, which stops it in an orderly way."""

    def __init__(self, command, log, env, end):
        self.command, self.log, self.env, self.end = command, log, env, end
        self.begin()

    def begin(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env, start_new_session=True
            )
        self.pid = self.process.pid

    def signal(self, number):
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            pass

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.signal(self.end)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()

    def wait_for(self, port):
        """Waits until the port is open; shows the log if the process ends first."""
        while self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        words = Path(self.log).read_text(errors="replace").splitlines()[-20:]
        sys.exit("\n".join([*words, f"error: {self.command[0]} ended before it listened"]))

    def cpu(self):
        """CPU seconds so far."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def resident(self):
        """Resident memory in MiB."""
        with open(f"/proc/{self.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1024


class House:
    """A folder, and the processes that work in it."""

    def __init__(self, binary):
        self.binary, self.running = binary, []
        self.folder = Path(tempfile.mkdtemp(prefix="super-invites-bench."))
        # PostgreSQL runs as another user, who has to reach its folder inside this one.
        self.folder.chmod(0o755)
        self.registration = self.folder / "registration.yaml"
        self.registration.write_text(REGISTRATION)

    def start(self, name, command, env=None, end=signal.SIGTERM):
        process = Process([str(part) for part in command], self.folder / f"{name}.log", env, end)
        self.running.append(process)
        return process

    def stop(self, process):
        process.stop()
        self.running.remove(process)

    def empty(self):
        """Stops everything that runs, in reverse order: databases after their users."""
        while self.running:
            self.stop(self.running[-1])

    def interrupt(self):
        """Kills everything at once, so that nothing waits for a response any more."""
        for process in self.running:
            process.signal(process.end if process.end == signal.SIGQUIT else signal.SIGKILL)

    def close(self):
        # A second Ctrl-C must not leave half of it running.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in self.running:
            process.signal(process.end)
        self.empty()
        shutil.rmtree(self.folder, ignore_errors=True)

    def synapse(self, name):
        """Starts Synapse with this service's registration; returns its process and its folder."""
        from matrix import Synapse

        folder, port = self.folder / name, free_port()
        folder.mkdir()
        (folder / "extra.yaml").write_text(SYNAPSE_LIMITS)
        process = self.start(name, [ROOT / "scripts/synapse", folder, port, self.registration])
        process.wait_for(port)
        return Synapse(f"http://127.0.0.1:{port}", folder, process)

    def module(self, name):
        """Starts Synapse with the Python module."""
        from matrix import Synapse

        folder, port = self.folder / name, free_port()
        folder.mkdir()
        (folder / "extra.yaml").write_text(SYNAPSE_LIMITS)
        process = self.start(name, [ROOT / "scripts/module", folder, port, f"sqlite:///{self.folder}/{name}.db"])
        process.wait_for(port)
        return Synapse(f"http://127.0.0.1:{port}", folder, process)

    def light(self, name, slow=0):
        """Starts an in-memory homeserver whose responses take about `slow` milliseconds."""
        from matrix import Light

        port = free_port()
        process = self.start(name, [sys.executable, "-B", Path(__file__).parent / "light.py", port, slow])
        process.wait_for(port)
        return Light(f"http://127.0.0.1:{port}", process)

    def postgres(self, name):
        from database import Server

        port = free_port()
        # At once, despite open connections: none of its data is needed any more.
        process = self.start(name, [ROOT / "scripts/postgres", self.folder / name, port], end=signal.SIGQUIT)
        process.wait_for(port)
        return Server(port)

    def service(self, name, homeserver, database, port=None, **settings):
        """Starts the service, on a database, beside a homeserver."""
        port = port or free_port()
        # Only its own variables: it would reject those of these scripts as unknown keys.
        env = {key: value for key, value in os.environ.items() if not key.startswith("SUPER_INVITES_")}
        settings = {
            "homeserver_url": homeserver.url,
            "server_name": "test",
            "registration_file": self.registration,
            "listen": f"127.0.0.1:{port}",
            "internal_listen": "null",
            "sql_url": database,
            "enable_web": "true",
            "site_dir": self.folder / "site",
            "limits": NO_LIMITS,
            "policy": "{open_invites: null}",
            **settings,
        }
        # Without `site_dir` the binary serves its embedded pages.
        settings = {key: value for key, value in settings.items() if value is not None}
        env.update({f"SUPER_INVITES_{key.upper()}": str(value) for key, value in settings.items()})
        env.setdefault("RUST_LOG", "warn")
        process = self.start(name, [self.binary, "serve"], env)
        process.port, process.url = port, f"http://127.0.0.1:{port}"
        process.wait_for(port)
        return process
