"""schemathesis, an outsider, calls the interface by the document that it serves."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.pushing import pushing

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = 40

PARTIAL = "negative_data_rejection,positive_data_acceptance"
"""Checks that do not hold by design: one bad item costs no other, and data that no schema describes may be a post."""

COMMAND = "import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())"


@pytest.mark.timeout(120)
async def test_no_generated_request_is_answered_otherwise_than_the_document_says(tmp_path: Path) -> None:
    async with pushing({"remember_hours": 0, "max_body_bytes": 100_000}) as push:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", COMMAND, "run", f"{push.url}/v1/openapi.json", "--url", push.url,
            "--phases", "examples,coverage,fuzzing", "--mode", "all", "--max-examples", str(EXAMPLES),
            "--generation-deterministic", "--no-color",
            "--checks", "all", "--exclude-checks", PARTIAL,
            cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        printed = (await process.communicate())[0].decode()
        assert process.returncode == 0, printed
        assert "No issues found" in printed
        assert push.stored.posts
        assert push.stored.dead_letters
