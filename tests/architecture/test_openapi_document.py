"""docs/openapi.json is what the service says about itself: whoever writes a client reads the truth."""

import json
from pathlib import Path

from click.testing import CliRunner
from flask import Flask

from survey_service.cli import main
from tests.conftest import BASE_URL

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def test_the_document_is_what_the_service_serves(app: Flask) -> None:
    """B9"""
    served = app.test_client().get("/api/v1/openapi.json", base_url=BASE_URL)
    written = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    assert served.get_json() == written, "write it anew: survey openapi > docs/openapi.json"


def test_the_command_prints_the_document() -> None:
    printed = CliRunner().invoke(main, ["openapi"])
    assert printed.exit_code == 0
    assert printed.stdout == DOCUMENT.read_text(encoding="utf-8")


def test_every_refusal_is_described_as_problem_json() -> None:
    """B9"""
    refusals = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["responses"]
    assert refusals
    assert {kind for refusal in refusals.values() for kind in refusal["content"]} == {"application/problem+json"}
