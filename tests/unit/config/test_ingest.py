"""Settings of how records are read."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from streams.config import IngestSettings


def test_an_encoding_is_one_of_text_that_python_has() -> None:
    assert IngestSettings(encoding="cp1251").encoding == "cp1251"
    for name in ("klingon", "hex", "", "a\0b"):
        with pytest.raises(ValidationError, match="is no encoding of text; name one such as cp1251"):
            IngestSettings(encoding=name)


def test_names_of_unknown_authors_need_no_quotes() -> None:
    assert IngestSettings.model_validate({"unknown_authors": [None, False, 0, "[deleted]"]}).unknown_authors == [
        "null",
        "false",
        "0",
        "[deleted]",
    ]
    with pytest.raises(ValidationError):
        IngestSettings.model_validate({"unknown_authors": [["deleted"]]})
