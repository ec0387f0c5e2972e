"""The prerequisites of Kafka on this machine, Java and (once) Maven, installed from Debian's packages if allowed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import Final

JAVA_FROM: Final = 17


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
        done = subprocess.run(
            [*as_root, "apt-get", *arguments], capture_output=True, text=True, env=environment, check=False
        )
        if done.returncode != 0:
            say(f"apt-get {arguments[0]} failed: {tail(done.stderr, 3)}")
            return


def tail(text: str, lines: int = 15) -> str:
    """Return the last lines of the output of a program."""
    return "\n".join(text.strip().splitlines()[-lines:])
