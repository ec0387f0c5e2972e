"""The OpenAPI document: checked in, valid, served, and true of the interface."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from streams.config import POST_FIELDS
from streams.sources.live.webhook.api import METHODS
from streams.sources.live.webhook.openapi import openapi
from tests.support.contract import CONTRACT, printed
from tests.support.pushing import post, posts, pushing


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(openapi())
    return found


def schema(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": document()["components"]}


def test_the_checked_in_document_is_what_the_code_serves() -> None:
    assert (CONTRACT / "posts.openapi.json").read_bytes() == openapi()
    assert printed("openapi").encode() == openapi()


def test_it_describes_every_path_and_method() -> None:
    described = {path: sorted(item) for path, item in document()["paths"].items()}
    assert described == {
        path: sorted(method.lower() for method in methods if method != "HEAD") for path, methods in METHODS.items()
    }


def test_it_describes_every_field_of_a_post() -> None:
    assert {*document()["components"]["schemas"]["Post"]["properties"]} == {*POST_FIELDS} - {"source"}


def test_its_examples_are_valid_by_its_schemas() -> None:
    for name, described in document()["components"]["schemas"].items():
        for example in described.get("examples", []):
            jsonschema.validate(example, schema(name), jsonschema.Draft202012Validator)


@pytest.mark.parametrize("body", [posts(2), [post("1"), {}], [{}, 7], b"[", {"delete": True, "id": "1"}, []])
async def test_answers_are_as_it_describes_them(body: Any) -> None:
    async with pushing() as push:
        answer = await push.push(body)
        responses = document()["paths"]["/v1/posts"]["post"]["responses"]
        described = responses.get(str(answer.status)) or responses["2XX"]
        (media,) = described["content"]
        assert answer.headers["Content-Type"].startswith(media)
        name = described["content"][media]["schema"]["$ref"].rpartition("/")[2]
        jsonschema.validate(answer.body, schema(name), jsonschema.Draft202012Validator)
        assert (await push.request("GET", "/v1/openapi.json")).body == document()
