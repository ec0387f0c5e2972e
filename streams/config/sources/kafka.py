"""Settings of sources of the kind `kafka`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from streams.config.addresses import HostPorts
from streams.config.base import Misfit, refuse_misfits
from streams.config.field_maps import LiveMapping, RuleOfOneField
from streams.config.kafka import KafkaSettings, OtherKafkaSettings
from streams.config.sources.base import KIND, SourceSettings


def _topic_name(value: object) -> object:
    """Return the name of a topic as it is, unless Kafka has a meaning of its own for it.

    Raises
    ------
    ValueError
        If it is one or two dots.
    """
    if value in {".", ".."}:
        raise ValueError("must be the name of a topic; Kafka takes neither . nor ..")
    return value


TopicName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,249}$"), BeforeValidator(_topic_name)]


class KafkaSourceSettings(SourceSettings):
    """Posts of a topic, of this Kafka or of another."""

    kind: Literal["kafka"] = Field(description=KIND)
    bootstrap: HostPorts | None = Field(
        default=None,
        description="Addresses of brokers of another cluster that asks for no credentials, as host:port, separated by "
        "commas. Without it and `cluster` the topic is in the Kafka of the section `kafka`.",
    )
    cluster: OtherKafkaSettings | None = Field(
        default=None,
        description="Connection to another cluster with credentials, with the keys of the section `kafka`.",
    )
    topic: TopicName = Field(description="Topic that is read, all its partitions.")
    start: Literal["latest", "earliest"] = Field(
        default="latest",
        description="Where reading begins as long as there is no cursor: with records that are written from now on, or "
        "with the oldest that the topic keeps.",
    )
    map: LiveMapping | None = Field(
        default=None,
        description="Where the fields of posts are in the values of records, as in `ingest.map`; besides, `@key`, "
        "`@timestamp`, `@partition`, `@offset`, `@value` and `@headers.NAME` are paths. By default known formats are "
        "recognised.",
    )
    key_id: RuleOfOneField | None = Field(
        default=None,
        description="Where the id of a post is in the key of a record without a value, which deletes it: a path or "
        "rule as in `map`. By default the whole key, or in a key of JSON where `map` has the id.",
    )
    commit_group: str | None = Field(
        default=None,
        min_length=1,
        max_length=249,
        description="Consumer group of the other cluster to which the position is committed besides, so that its tools "
        "show the lag. Reading never resumes from there.",
    )

    @model_validator(mode="after")
    def _one_cluster(self) -> Self:
        if self.bootstrap is not None and self.cluster is not None:
            message = "names another cluster, and so does cluster: move the addresses to cluster.bootstrap_servers"
            refuse_misfits(type(self).__name__, [Misfit(("bootstrap",), message)])
        return self

    def connection(self, own: KafkaSettings) -> KafkaSettings:
        """Return how to reach the cluster that the topic is in.

        Parameters
        ----------
        own
            The section `kafka` of the config.
        """
        if self.cluster is not None:
            return self.cluster
        return own if self.bootstrap is None else OtherKafkaSettings(bootstrap_servers=self.bootstrap)
