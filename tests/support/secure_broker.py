"""A broker of its own that asks everybody who they are: certificates, SCRAM users, and no rights but those granted."""

from __future__ import annotations

import argparse
import os
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import trustme
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from deploy.local.kafka import DEFAULT_HOME, LocalKafka
from streams.kafka.acls import Access
from streams.kafka.names import WORKERS
from tests.support.ports import reserved_port

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PASSWORD: Final = "s3cret-of-{user}-do-not-print"  # noqa: S105  for the broker of this test only
USERS: Final = (*WORKERS, "stranger")
LISTENERS: Final = ("SCRAM", "MTLS", "CLEAR", "EXPIRED")

_OPERATIONS: Final = {"Read": "READ", "Write": "WRITE", "Create": "CREATE", "Describe": "DESCRIBE",
         "DescribeConfigs": "DESCRIBE_CONFIGS", "AlterConfigs": "ALTER_CONFIGS"}  # fmt: skip

_SETTINGS: Final = """
listeners=PLAINTEXT://127.0.0.1:${{port}},CONTROLLER://127.0.0.1:${{controller_port}},{listening}
advertised.listeners=PLAINTEXT://127.0.0.1:${{port}},{advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_SSL,MTLS:SSL,CLEAR:SASL_PLAINTEXT,\
EXPIRED:SASL_SSL
inter.broker.listener.name=PLAINTEXT
sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512
ssl.keystore.type=PEM
ssl.keystore.location={broker}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
listener.name.expired.ssl.keystore.type=PEM
listener.name.expired.ssl.keystore.location={expired}
listener.name.mtls.ssl.client.auth=required
listener.name.mtls.ssl.principal.mapping.rules=RULE:^.*CN=([a-z]+).*$$/$$1/
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
"""


@dataclass(frozen=True, slots=True)
class SecureBroker:
    """Addresses and files of a running one.

    Attributes
    ----------
    superuser
        Address at which everything is allowed without a login: for the broker itself and for the tests.
    scram, mtls, clear
        Addresses at which clients log in by SCRAM over TLS, by certificate, and by SCRAM without TLS.
    expired
        Like `scram`, with a certificate that has run out.
    wrong_host
        `scram` by a name that is not in its certificate.
    authority, stranger
        PEM files of the authority that signed everything here, and of another.
    """

    superuser: str
    scram: str
    mtls: str
    clear: str
    expired: str
    wrong_host: str
    authority: Path
    stranger: Path
    _folder: Path

    def certificate(self, user: str) -> tuple[Path, Path]:
        """PEM files of a user's certificate and key."""
        return self._folder / f"{user}.crt", self._folder / f"{user}.key"


class SecureKafka:
    """Starts one, with all that it needs in `folder`."""

    def __init__(self, folder: Path) -> None:
        authority, stranger = trustme.CA(), trustme.CA()
        authority.cert_pem.write_to_path(folder / "authority.pem")
        stranger.cert_pem.write_to_path(folder / "stranger.pem")
        _write_keystore(authority.issue_cert("localhost"), folder / "broker.pem")
        over = datetime(2020, 1, 1, tzinfo=UTC)
        _write_keystore(authority.issue_cert("localhost", not_after=over), folder / "expired.pem")
        for user in USERS:
            issued = authority.issue_cert(f"{user}.example", common_name=user)
            issued.cert_chain_pems[0].write_to_path(folder / f"{user}.crt")
            issued.private_key_pem.write_to_path(folder / f"{user}.key")
        self._folder = folder
        self._ports = {listener: reserved_port() for listener in LISTENERS}
        settings = _SETTINGS.format(
            listening=",".join(f"{name}://127.0.0.1:{port}" for name, port in self._ports.items()),
            advertised=",".join(f"{name}://localhost:{port}" for name, port in self._ports.items()),
            broker=folder / "broker.pem",
            expired=folder / "expired.pem",
            authority=folder / "authority.pem",
        )
        for name in ("SCRAM", "CLEAR", "EXPIRED"):
            for mechanism in ("scram-sha-256", "scram-sha-512"):
                module = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
                settings += f"listener.name.{name.lower()}.{mechanism}.sasl.jaas.config={module}\n"
        users = [
            option
            for user in USERS
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
            for option in ("--add-scram", f"{mechanism}=[name={user},password={PASSWORD.format(user=user)}]")
        ]
        self._kafka = LocalKafka(DEFAULT_HOME, f"secure-{os.getpid()}", settings, users)

    def start(self) -> SecureBroker:
        """Start it and wait until it answers."""
        ports = self._ports
        return SecureBroker(
            self._kafka.start(),
            scram=f"localhost:{ports['SCRAM']}",
            mtls=f"localhost:{ports['MTLS']}",
            clear=f"localhost:{ports['CLEAR']}",
            expired=f"localhost:{ports['EXPIRED']}",
            wrong_host=f"127.0.0.1:{ports['SCRAM']}",
            authority=self._folder / "authority.pem",
            stranger=self._folder / "stranger.pem",
            _folder=self._folder,
        )

    def wipe(self) -> None:
        """Stop it and delete all it has stored."""
        self._kafka.wipe()


def _write_keystore(issued: trustme.LeafCert, path: Path) -> None:
    """Kafka reads keys as PKCS #8 only."""
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    pkcs8 = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pkcs8 + b"".join(pem.bytes() for pem in issued.cert_chain_pems))


_RESOURCES: Final[dict[Literal["topic", "group", "transactional-id"], ResourceType]] = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional-id": ResourceType.TRANSACTIONAL_ID,
}


def grant_printed(broker: SecureBroker, commands: Iterable[str]) -> None:
    """Do what lines of ``kafka-acls.sh`` would do, as `firewatch acls` prints them."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--add", action="store_true", required=True)
    for name in ("--bootstrap-server", "--command-config", "--allow-principal"):
        parser.add_argument(name, required=True)
    for name in ("--operation", *(f"--{kind}" for kind in _RESOURCES)):
        parser.add_argument(name, action="append", default=[])
    for command in commands:
        program, *words = shlex.split(command)
        assert program == "kafka-acls.sh"
        told = vars(parser.parse_args(words))
        user = str(told["allow_principal"]).removeprefix("User:")
        for kind in _RESOURCES:
            for name in told[kind.replace("-", "_")]:
                grant(broker, user, [Access(kind, name, tuple(told["operation"]))])


def grant(broker: SecureBroker, user: str, needed: Iterable[Access]) -> None:
    """Let a user do just this."""
    admin = AdminClient({"bootstrap.servers": broker.superuser})
    bindings = [
        AclBinding(
            _RESOURCES[access.kind],
            access.name,
            ResourcePatternType.LITERAL,
            f"User:{user}",
            "*",
            AclOperation[_OPERATIONS[operation]],
            AclPermissionType.ALLOW,
        )
        for access in needed
        for operation in access.operations
    ]
    for future in admin.create_acls(bindings).values():
        future.result(10)
