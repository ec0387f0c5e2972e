"""A real Apache Kafka on this machine without Docker: one KRaft node from the official Maven artifacts, on loopback
only.

Needs Java 17 or newer and, once, Maven; both are installed from Debian's packages where that is allowed. Everything
lives in one folder: the artifacts, shared by all instances, and for each named instance its data, settings, log and
process id.

    python deploy/local/kafka.py start      prints the address, starts a broker unless one runs
    python deploy/local/kafka.py status     exit code 0 if it answers, 3 if not
    python deploy/local/kafka.py stop | wipe | install
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import signal
import socket
import string
import struct
import subprocess
import sys
import time
import uuid
import xml.etree.ElementTree as ET
from base64 import urlsafe_b64encode
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
DEFAULT_HOME: Final = ROOT / ".kafka"

if not __package__:
    sys.path.insert(0, str(ROOT))

from deploy.local import container  # noqa: E402  run as a script, these are found only now
from deploy.local.prerequisites import LocalKafkaError, megabytes, require, require_java, run, say, tail  # noqa: E402

HEAP: Final = "512m"

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
ANSWER_SECONDS: Final = 2.0
POLL_SECONDS: Final = 0.1

PORT_TRIES: Final = 3
"""A port that was free a moment ago can be gone when Java, a second later, listens on it."""

_MEGABYTES: Final = 110
"""Size of what Maven fetches, its own plugins included, for messages."""

DEFAULT_PORT: Final = 9092
"""The port that firewatch connects to unless its config says otherwise; only the default instance asks for it."""

DEFAULT_NAME: Final = "local"

NOT_RUNNING: Final = 3
"""Exit code of `status` without a broker, as init scripts have it."""


class LocalKafka:
    """One instance of a local broker.

    Parameters
    ----------
    home
        Folder of the artifacts and of all instances.
    name
        Which instance.
    settings
        Lines that stand behind those of ``server.properties`` and override them, with the same names to be filled in.
    format_options
        More arguments of ``kafka-storage format``, such as ``--add-scram``.
    """

    def __init__(
        self,
        home: Path = DEFAULT_HOME,
        name: str = DEFAULT_NAME,
        settings: str = "",
        format_options: Sequence[str] = (),
    ) -> None:
        self._more_settings = settings
        self._format_options = tuple(format_options)
        self._home = home.resolve()
        self._libraries = self._home / "lib"
        self._folder = self._home / "instances" / name
        self._process_file = self._folder / "process"
        self._port_file = self._folder / "port"
        self._preferred_port = DEFAULT_PORT if name == DEFAULT_NAME else None
        self.log_file = self._folder / "kafka.log"
        self._log_from = 0

    def install(self) -> None:
        """Install Java and Kafka's artifacts unless they are there.

        Raises
        ------
        LocalKafkaError
            If either can't be had, saying what to do.
        """
        require_java()
        version = kafka_version()
        marker = self._libraries / f".complete-{version}"
        if marker.exists():
            return
        with self._locked():
            if marker.exists():
                return
            require("mvn", "maven")
            shutil.rmtree(self._libraries, ignore_errors=True)
            say(f"fetching Apache Kafka {version} by Maven")
            command = [
                "mvn", "--batch-mode", "--quiet", "--file", str(HERE / "pom.xml"),
                f"-Dmaven.repo.local={self._home / 'm2'}",
                "dependency:copy-dependencies", f"-DoutputDirectory={self._libraries}", "-DincludeScope=runtime",
            ]  # fmt: skip
            done = run(command, lambda: f"fetched {megabytes(self._home)} of about {_MEGABYTES} MB of Apache Kafka")
            if done.returncode != 0:
                raise LocalKafkaError(
                    f"Maven could not fetch Apache Kafka {version}:\n{tail(done.stdout + done.stderr)}"
                )
            marker.touch()

    def start(self, port: int | None = None) -> str:
        """Start the broker unless it runs, wait until it answers a metadata request, and return its address.

        Parameters
        ----------
        port
            Where to listen. If None, where it listened before; at first at `DEFAULT_PORT` if it is the default instance
            and that is free, else at a free port.

        Raises
        ------
        LocalKafkaError
            If the port is taken, or the broker dies or does not answer; the message ends with its last log lines.
        """
        self.install()
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            running = self._running()
            if running:
                say(f"already running at 127.0.0.1:{running[1]}")
                return self._await_answer(*running)
            if port is not None and not _is_free(port):
                raise LocalKafkaError(
                    f"127.0.0.1:{port} is taken by another process: free it, or leave the port out for another one"
                )
            for _ in range(PORT_TRIES - 1):
                try:
                    return self._start_at(port or self._port_of_choice())
                except LocalKafkaError as error:
                    if port is not None or "BindException" not in str(error):
                        raise
            return self._start_at(port or free_port())

    def _port_of_choice(self) -> int:
        """Return the port of before, the preferred one, or a free one; say so if the config has to be changed."""
        try:
            remembered = int(self._port_file.read_text())
        except (FileNotFoundError, ValueError):
            remembered = None
        for port in (remembered, self._preferred_port):
            if port is not None and _is_free(port):
                return port
            if port is not None:
                say(f"127.0.0.1:{port} is taken by another process")
        return free_port()

    def _start_at(self, port: int) -> str:
        self._write_settings(port)
        pid = self._launch(port)
        try:
            return self._await_answer(pid, port)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> bool:
        """Stop the broker; return whether one was running."""
        running = self._running()
        if not running:
            self._process_file.unlink(missing_ok=True)
            return False
        pid, _ = running
        _signal(pid, signal.SIGTERM)
        if not _await_exit(pid, STOP_SECONDS):
            _signal(pid, signal.SIGKILL)
            _await_exit(pid, STOP_SECONDS)
        self._process_file.unlink(missing_ok=True)
        return True

    def crash(self) -> None:
        """Kill the broker by SIGKILL; a start at the same port resumes from the stored data."""
        if running := self._running():
            _signal(running[0], signal.SIGKILL)
            _await_exit(running[0], STOP_SECONDS)
        self._process_file.unlink(missing_ok=True)

    def wipe(self) -> None:
        """Stop the broker and delete its data."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def bootstrap(self) -> str | None:
        """Address of the broker; None unless it runs and answers."""
        running = self._running()
        return f"127.0.0.1:{running[1]}" if running and answers(running[1]) else None

    def _launch(self, port: int) -> int:
        log = self.log_file.open("ab")
        self._log_from = log.tell()
        jvm = [
            "java",
            f"-Xmx{HEAP}",
            f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}",
            "-cp",
            f"{self._libraries}/*",
        ]
        settings = str(self._folder / "server.properties")
        data = self._folder / "data"
        with log:
            if not (data / "meta.properties").exists():
                formatting = [*jvm, "kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", settings]
                formatting += self._format_options
                if subprocess.run(formatting, stdout=log, stderr=log, check=False).returncode != 0:
                    raise LocalKafkaError(f"Kafka could not prepare {data}:\n{self._last_lines()}")
            pid = _spawn([*jvm, "kafka.Kafka", settings], log.fileno())
        self._process_file.write_text(f"{pid} {_started(pid)} {port}")
        self._port_file.write_text(str(port))
        return pid

    def _await_answer(self, pid: int, port: int) -> str:
        deadline = time.monotonic() + START_SECONDS
        while not answers(port):
            if not _alive(pid):
                self._process_file.unlink(missing_ok=True)
                raise LocalKafkaError(f"Kafka died while starting:\n{self._last_lines()}")
            if time.monotonic() > deadline:
                raise LocalKafkaError(
                    f"Kafka does not answer on 127.0.0.1:{port} after {START_SECONDS:g} s:\n{self._last_lines()}"
                )
            time.sleep(POLL_SECONDS)
        return f"127.0.0.1:{port}"

    def _write_settings(self, port: int) -> None:
        template = string.Template((HERE / "server.properties").read_text() + self._more_settings)
        controller_port = free_port()
        while controller_port == port:
            controller_port = free_port()
        settings = template.substitute(port=port, controller_port=controller_port, data=self._folder / "data")
        (self._folder / "server.properties").write_text(settings)

    def _running(self) -> tuple[int, int] | None:
        """Return process id and port, if the process of that id is the one that was started."""
        try:
            pid, started, port = map(int, self._process_file.read_text().split())
        except (FileNotFoundError, ValueError):
            return None
        return (pid, port) if _alive(pid) and _started(pid) == started else None

    def _last_lines(self) -> str:
        text = self.log_file.read_bytes()[self._log_from :].decode(errors="replace")
        without_traces = "\n".join(line for line in text.splitlines() if not line.startswith("\tat "))
        return f"{tail(without_traces)}\nThe whole log: {self.log_file}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._home.mkdir(parents=True, exist_ok=True)
        with (self._home / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class ContainerKafka:
    """One instance of a local broker in a Docker container; its data is deleted when it stops.

    Parameters
    ----------
    home, name
        As for `LocalKafka`.
    """

    def __init__(self, home: Path, name: str) -> None:
        self._name = name
        self._port_file = home.resolve() / "instances" / f"{name}.container-port"

    def start(self) -> str:
        """Start the container, wait until it answers a metadata request, and return its address.

        Raises
        ------
        LocalKafkaError
            If Docker refuses or the broker does not answer.
        """
        port = free_port()
        self._port_file.parent.mkdir(parents=True, exist_ok=True)
        self._port_file.write_text(str(port))
        try:
            container.start(self._name, kafka_version(), port)
        except container.DockerError as error:
            self.wipe()
            raise LocalKafkaError(f"Docker could not start Kafka: {error}") from error
        deadline = time.monotonic() + START_SECONDS
        while not answers(port):
            if time.monotonic() > deadline:
                self.wipe()
                raise LocalKafkaError(f"Kafka in Docker does not answer on 127.0.0.1:{port} after {START_SECONDS:g} s")
            time.sleep(POLL_SECONDS)
        return f"127.0.0.1:{port}"

    def wipe(self) -> None:
        """Remove the container, if one was started."""
        if self._port_file.exists():
            container.remove(self._name)
            self._port_file.unlink()


def start_anyhow(home: Path, name: str) -> str:
    """Start Kafka in Docker if an engine answers and can do it, else from the Maven artifacts.

    Raises
    ------
    LocalKafkaError
        If neither works.
    """
    if container.engine_answers():
        try:
            return ContainerKafka(home, name).start()
        except LocalKafkaError as error:
            say(f"{error}\nTrying without Docker.")
    return LocalKafka(home, name).start()


def kafka_version() -> str:
    """Return the release of Kafka that the pom names."""
    version = ET.parse(HERE / "pom.xml").findtext(".//{*}properties/{*}kafka.version")  # noqa: S314  our own file
    if not version:
        raise LocalKafkaError(f"{HERE / 'pom.xml'} names no kafka.version")
    return version


def _cluster_id() -> str:
    """Return a random id in Kafka's form; one that began with a hyphen would look like an option."""
    while (identity := urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return identity


def answers(port: int) -> bool:
    """Return whether a broker on a loopback port answers a metadata request (API 3, version 4) with some broker."""
    client = b"ready-check"
    request = struct.pack(f">hhih{len(client)}si?", 3, 4, 1, len(client), client, 0, False)
    try:
        with socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.sendall(struct.pack(">i", len(request)) + request)
            reply = b""
            while len(reply) < 16:
                part = connection.recv(4096)
                if not part:
                    return False
                reply += part
    except OSError:
        return False
    correlation, brokers = struct.unpack_from(">4xi4xi", reply)
    return bool(correlation == 1 and brokers > 0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _spawn(command: list[str], output: int) -> int:
    """Start a process that outlives this one, in a session of its own so that Ctrl-C at the terminal does not reach
    it."""
    redirections = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, output, 1),
        (os.POSIX_SPAWN_DUP2, output, 2),
    ]
    return os.posix_spawnp(command[0], command, os.environ, file_actions=redirections, setsid=True)


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the third on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _alive(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] != "Z"


def _started(pid: int) -> int:
    """Return when the process started, in clock ticks since boot, so that a reused process id is not mistaken for
    the broker."""
    fields = _stat(pid)
    return int(fields[19]) if fields else 0


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _await_exit(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while _alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def next_steps(address: str, folder: Path) -> list[str]:
    """Return the commands that use the broker at an address from a folder, as they can be typed there."""
    program = Path(sys.prefix, "bin", "firewatch")
    typed = str(program.relative_to(folder)) if program.is_relative_to(folder) else str(program)
    firewatch = typed if program.exists() else "firewatch"
    default = address == f"127.0.0.1:{DEFAULT_PORT}"
    commands = [] if default else [f"export KAFKA_BOOTSTRAP={address}    # firewatch's default is {DEFAULT_PORT}"]
    if not (folder / "firewatch.yaml").exists():
        commands.append(f"{firewatch} init")
    return [*commands, f"{firewatch} run -c firewatch.yaml"]


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["install", "start", "status", "stop", "wipe"])
    parser.add_argument(
        "--home", type=Path, default=DEFAULT_HOME, help="folder of artifacts and instances (%(default)s)"
    )
    parser.add_argument("--name", default=DEFAULT_NAME, help="which instance (%(default)s)")
    parser.add_argument("--docker", action="store_true", help="start in a container if a Docker engine answers")
    parser.add_argument("--port", type=int, help="where to listen; by default as before, at first 9092 if it is free")
    arguments = parser.parse_args()
    kafka = LocalKafka(arguments.home, arguments.name)
    try:
        if arguments.command == "install":
            kafka.install()
        elif arguments.command == "start":
            address = start_anyhow(arguments.home, arguments.name) if arguments.docker else kafka.start(arguments.port)
            print(address, flush=True)
            if arguments.name == DEFAULT_NAME:
                say("next:" + "".join(f"\n  {command}" for command in next_steps(address, Path.cwd())))
        elif arguments.command == "stop":
            say("stopped" if kafka.stop() else "was not running")
        elif arguments.command == "wipe":
            kafka.wipe()
            ContainerKafka(arguments.home, arguments.name).wipe()
            say("stopped and wiped")
        elif running := kafka.bootstrap:
            print(running)
        else:
            say("not running" + ("; `make kafka-start` starts it" if (ROOT / "Makefile").exists() else ""))
            return NOT_RUNNING
    except LocalKafkaError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
