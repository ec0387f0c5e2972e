"""Define the sections `kafka` and `topics` of the config: how to reach Kafka, and the topics there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from streams.config.addresses import HostPorts
from streams.config.base import Misfit, Settings, refuse_misfits, secret, secret_in

_LONGEST_HOURS: Final = 876_000
"""A century; Kafka's own limit is in milliseconds."""

POSTS_TOPIC: Final = "social.posts"
"""Name of the topic of posts, without its prefix."""

PASSWORD_VARIABLE: Final = "FIREWATCH_KAFKA_PASSWORD"  # noqa: S105  a name, not a secret


class KafkaSettings(Settings):
    """Connection to the Kafka cluster.

    Attributes
    ----------
    section
        Key of the settings in the config, for messages.
    password_place
        Where a password can be put, for messages.
    """

    section: ClassVar[str] = "kafka"
    password_place: ClassVar[str] = f"set {PASSWORD_VARIABLE} or kafka.password_file"

    bootstrap_servers: HostPorts = Field(
        default="127.0.0.1:9092",
        description="Addresses of brokers as host:port, separated by commas; IPv6 addresses are in brackets.",
    )
    client_id: str = Field(
        default="firewatch", description="Name of this service in the logs and quotas of the brokers."
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"] = Field(
        default="PLAINTEXT", description="Protocol of the connections; credentials over PLAINTEXT are refused."
    )
    allow_sasl_plaintext: bool = Field(
        default=False,
        description="Allow SASL_PLAINTEXT, which logs in over an unencrypted connection that others on the network "
        "can read.",
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="Mechanism of the login with SASL_SSL and SASL_PLAINTEXT."
    )
    sasl_username: str | None = Field(
        default=None, description="User name of the login, required with SASL_SSL and SASL_PLAINTEXT."
    )
    password_file: Path | None = Field(
        default=None,
        description=f"File with the SASL password; the environment variable {PASSWORD_VARIABLE} can hold it instead.",
    )
    ca_file: Path | None = Field(
        default=None,
        description="PEM file of the authority that signed the certificates of the brokers; null uses those of the "
        "system.",
    )
    certificate_file: Path | None = Field(
        default=None, description="PEM file with the certificate of this client, for mutual TLS."
    )
    key_file: Path | None = Field(default=None, description="PEM file with the private key of `certificate_file`.")
    request_timeout_seconds: float = Field(
        default=20,
        gt=0,
        le=300,
        description="Seconds within which a broker must answer; after that it counts as unreachable.",
    )

    @model_validator(mode="after")
    def _credentials_fit_the_protocol(self) -> Self:
        wrong = []
        if self.sasl and not self.sasl_username:
            wrong.append(f"security_protocol {self.security_protocol} needs sasl_username")
        if self.security_protocol == "SASL_PLAINTEXT" and not self.allow_sasl_plaintext:
            wrong.append(
                "security_protocol SASL_PLAINTEXT logs in without encryption: set SASL_SSL, or "
                "allow_sasl_plaintext: true where nobody else is on the network"
            )
        if self.security_protocol == "SASL_PLAINTEXT" and (self.ca_file or self.certificate_file):
            wrong.append("certificates are set, but security_protocol SASL_PLAINTEXT uses none: set SASL_SSL")
        if bool(self.certificate_file) != bool(self.key_file):
            wrong.append("certificate_file and key_file belong together: set both or none")
        if self.security_protocol == "PLAINTEXT" and (self.sasl_username or self.ca_file or self.certificate_file):
            wrong.append(
                "credentials are set, but security_protocol PLAINTEXT would send everything in the clear: "
                "set SSL or SASL_SSL"
            )
        refuse_misfits(type(self).__name__, [Misfit((), each) for each in wrong])
        return self

    @property
    def sasl(self) -> bool:
        """Return whether clients log in by name and password."""
        return self.security_protocol.startswith("SASL")

    @property
    def tls(self) -> bool:
        """Return whether connections are encrypted and brokers prove their identity."""
        return self.security_protocol.endswith("SSL")

    @property
    def user(self) -> str:
        """Return how Kafka identifies this client, for messages."""
        return f"user {self.sasl_username!r}" if self.sasl else f"client {self.client_id!r}"

    def password(self) -> SecretStr | None:
        """Return the SASL password from the environment or from its file."""
        return secret(PASSWORD_VARIABLE, self.password_file, "kafka.password_file")


class OtherKafkaSettings(KafkaSettings):
    """Connection to another Kafka cluster, with credentials of its own."""

    section: ClassVar[str] = "cluster"
    password_place: ClassVar[str] = "set cluster.password_file"  # noqa: S105  a place

    bootstrap_servers: HostPorts = Field(
        description="Addresses of brokers of the other cluster as host:port, separated by commas."
    )
    password_file: Path | None = Field(default=None, description="File with the SASL password of the other cluster.")

    def password(self) -> SecretStr | None:
        """Return the SASL password from its file, never that of our own cluster from the environment."""
        return None if self.password_file is None else secret_in(self.password_file, "cluster.password_file")


class TopicSettings(Settings):
    """Names and sizes of the topics."""

    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,100}$")] = Field(
        default="", description='Text before the name of every topic, such as "staging.".'
    )
    partitions: int = Field(
        default=4,
        ge=1,
        le=1000,
        description="Partitions of the topics of posts, mentions, windows and alerts, which limits how many workers "
        "can share the load; fixed once the topics exist.",
    )
    replication_factor: int = Field(
        default=1,
        ge=1,
        le=10,
        description="Copies of every record in the cluster; use 3 where there are three brokers or more.",
    )
    posts_retention_hours: int = Field(
        default=72, ge=1, le=_LONGEST_HOURS, description="Hours for which posts are kept, counted from their arrival."
    )
    dlq_retention_hours: int = Field(
        default=168,
        ge=1,
        le=_LONGEST_HOURS,
        description="Hours for which dead letters are kept, counted from their arrival.",
    )
    mentions_retention_hours: int = Field(
        default=72,
        ge=1,
        le=_LONGEST_HOURS,
        description="Hours for which scored mentions are kept, counted from their arrival.",
    )
    windows_retention_hours: int = Field(
        default=720,
        ge=1,
        le=_LONGEST_HOURS,
        description="Hours for which counts and scores of closed buckets are kept, counted from their arrival.",
    )
    alerts_retention_hours: int = Field(
        default=720, ge=1, le=_LONGEST_HOURS, description="Hours for which alerts are kept, counted from their arrival."
    )
    labels_retention_hours: int = Field(
        default=8_760,
        ge=1,
        le=_LONGEST_HOURS,
        description="Hours for which labels are kept, counted from their arrival; a year by default, since labelling "
        "costs people's time.",
    )
