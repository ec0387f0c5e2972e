"""The prerequisites of Kafka on this machine, Java and (once) Maven, installed from Debian's packages if allowed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

JAVA_FROM: Final = 17

PROGRESS_SECONDS: Final = 10.0
"""Time between two messages of a program that is still running."""


class LocalKafkaError(Exception):
    """A problem of the local Kafka that the user can solve; the message says how."""


def say(message: str) -> None:
    """Print a message on stderr; stdout is for the address."""
    print(f"kafka: {message}", file=sys.stderr)


def require_java() -> None:
    """Install a Java that Kafka runs on unless there is one.

    Raises
    ------
    LocalKafkaError
        If none can be had, saying what to do.
    """
    if _java_version() >= JAVA_FROM:
        return
    _apt_install("default-jre-headless")
    found = _java_version()
    if found < JAVA_FROM:
        have = f"the one found is {found}" if found else "none was found"
        raise LocalKafkaError(
            f"Kafka needs Java {JAVA_FROM} or newer; {have}. On Debian, as root: apt-get install default-jre-headless"
        )


def _java_version() -> int:
    if not shutil.which("java"):
        return 0
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    match = re.search(r'version "(\d+)', told)
    return int(match[1]) if match else 0


def require(command: str, package: str) -> None:
    """Install the Debian package of a command unless the command is there.

    Raises
    ------
    LocalKafkaError
        If it can't be had, saying what to do.
    """
    if shutil.which(command):
        return
    _apt_install(package)
    if not shutil.which(command):
        raise LocalKafkaError(f"`{command}` is needed to fetch Kafka. On Debian, as root: apt-get install {package}")


def _apt_install(package: str) -> None:
    """Install a Debian package if that is allowed; the caller checks whether it helped."""
    if not shutil.which("apt-get"):
        return
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if as_root and (
        not shutil.which("sudo") or subprocess.run([*as_root, "true"], capture_output=True, check=False).returncode != 0
    ):
        return
    say(f"installing the Debian package {package}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        doing = f"installing the Debian package {package} (apt-get {arguments[0]})"
        done = run([*as_root, "apt-get", *arguments], partial(str, doing), environment)
        if done.returncode != 0:
            say(f"apt-get {arguments[0]} failed: {tail(done.stderr, 3)}")
            return


def run(
    command: Sequence[str], progress: Callable[[], str], environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program that prints nothing for minutes, and say every `PROGRESS_SECONDS` how far it is.

    Parameters
    ----------
    command
        The program and its arguments; its output is captured.
    progress
        Returns what is being done, and how much of it is.
    environment
        Environment variables; by default those of this process.
    """
    started = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as running:
        while True:
            try:
                output, errors = running.communicate(timeout=PROGRESS_SECONDS)
            except subprocess.TimeoutExpired:
                say(f"{progress()}: {time.monotonic() - started:.0f} s so far")
            else:
                return subprocess.CompletedProcess(command, running.returncode, output, errors)


def megabytes(folder: Path) -> int:
    """Return the size of all files in a folder, which may be changing."""
    total = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):
                total += (Path(parent) / name).lstat().st_size
    return round(total / 1e6)


def tail(text: str, lines: int = 15) -> str:
    """Return the last lines of the output of a program."""
    return "\n".join(text.strip().splitlines()[-lines:])
