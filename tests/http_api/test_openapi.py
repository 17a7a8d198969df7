"""What /openapi.json says is so: schemathesis asks what it allows and what it forbids, and looks at the answers."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from http_api.app import ROUTES
from tests.http_api.scripted import AUTHORIZED, BASE, ScriptedService, serving

CONFORMANCE = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
POSTED = [route.path for route in ROUTES if "POST" in (route.methods or ()) and route.path != "/v1/health"]


def ask(client: TestClient, case: Any) -> Any:
    """Send a case with the right token."""
    wire = case.as_transport_kwargs(base_url=BASE, headers=AUTHORIZED)
    fields = {"content" if name == "data" else name: value for name, value in wire.items() if name != "cookies"}
    return client.request(**fields)


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("mode", GenerationMode)
def test_bodies(path: str, mode: GenerationMode) -> None:
    """What fits the document and what does not is answered as it says, and nothing makes the server fail."""
    with serving(ScriptedService()) as client:
        api = schemathesis.openapi.from_dict(client.get("/openapi.json").json())

        @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
        @given(case=api[path]["POST"].as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            case.validate_response(ask(client, case), checks=CONFORMANCE)

        check()


def test_every_path_answers_as_described(client: TestClient) -> None:
    """What needs no body is answered with a documented status, type and shape."""
    api = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
    for found in api.get_all_operations():
        if found.ok().method.upper() == "GET":
            case = found.ok().Case()
            case.validate_response(ask(client, case), checks=CONFORMANCE)


def test_every_path_is_described(client: TestClient) -> None:
    """The document has the paths and methods that the server has, and the bodies' limits."""
    document = client.get("/openapi.json").json()
    served = {(route.path, method) for route in ROUTES for method in route.methods or () if method != "HEAD"}
    assert {(path, method.upper()) for path, item in document["paths"].items() for method in item} == served
    schemas = document["components"]["schemas"]
    assert schemas["Complete"]["properties"]["max_tokens"]["maximum"] == 512
    assert schemas["Complete"]["additionalProperties"] is False
    assert {"OpenAiCompletion", "TabbyCompletion", "TabbyEvent", "Infill"} <= set(schemas)
