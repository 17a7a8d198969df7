"""The page at / and the pages of traces: one file each, nothing from elsewhere, no markup from data."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from http_api.pages import data_of, page

HOSTILE = "</script><script>alert(1)</script><!-- \u2028 <img src=x onerror=alert(1)>"


def test_the_page_needs_no_token_and_tells_nothing(client: TestClient) -> None:
    """It says who may run what in it; whoever has no token reads no counts."""
    reply = client.get("/", headers={"Authorization": ""})
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert policy.endswith("frame-ancestors 'none'")
    assert data_of(reply.text) is None
    for path in ("/v1/stats", "/metrics", "/openapi.json"):
        assert client.get(path, headers={"Authorization": ""}).status_code == 401


def test_the_page_is_under_the_host_check(client: TestClient) -> None:
    """Another name that points here gets nothing, not even the page."""
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 403


@pytest.mark.parametrize("name", ["trace", "dashboard"])
def test_nothing_from_elsewhere(name: str) -> None:
    """No address stands in a page but such as name things, and what runs is what the policy has the hash of."""
    made = page(name, "title")
    assert not re.search(r"(src|href)=|url\(|@import|https?:|//[a-z]+\.", made.html)
    for tag in ("style", 'script type="module"'):
        text = re.search(rf"<{tag}>(.*?)</{tag.split()[0]}>", made.html, re.DOTALL)
        assert text is not None
        digest = base64.b64encode(hashlib.sha256(text[1].encode()).digest()).decode()
        assert f"'sha256-{digest}'" in made.policy
    assert made.policy in made.html
    assert not re.search(r"innerHTML|insertAdjacent|document\.write|eval\(|^import ", made.html, re.MULTILINE)


@given(st.text() | st.just(HOSTILE))
def test_data_is_data(text: str) -> None:
    """Whatever a document holds, it comes back as it was, and ends no script element."""
    made = page("trace", text, {"text": text})
    assert data_of(made.html) == {"text": text}
    assert made.html.lower().count("</script>") == 2


def test_no_page() -> None:
    """A file that is no page of ours is told apart."""
    with pytest.raises(ValueError, match="there is no data in it"):
        data_of("<html></html>")
