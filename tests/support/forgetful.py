"""Commands whose Kafka client knows no topics when it first gives partitions out, as just after an outage of the
broker: ``python -m tests.support.forgetful``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.cluster import ClusterMetadata
from faust.assignor.partition_assignor import PartitionAssignor

from streams.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable


class Blindness:
    """From the first assignment until the client has noted what it saw in it."""

    def __init__(self) -> None:
        self._ahead = True
        self._blind = False

    def assign(self, assign: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap `PartitionAssignor.assign`."""

        def blindly(*arguments: Any) -> Any:
            if self._ahead:
                self._ahead, self._blind = False, True
                asyncio.get_running_loop().call_soon(self._see)
            return assign(*arguments)

        return blindly

    def partitions(self, partitions: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap `ClusterMetadata.partitions_for_topic`."""
        return lambda *arguments: None if self._blind else partitions(*arguments)

    def _see(self) -> None:
        self._blind = False


if __name__ == "__main__":
    blindness = Blindness()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PartitionAssignor, "assign", blindness.assign(PartitionAssignor.assign))
        patched.setattr(
            ClusterMetadata, "partitions_for_topic", blindness.partitions(ClusterMetadata.partitions_for_topic)
        )
        main()
