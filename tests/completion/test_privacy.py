"""Files that are nobody's business."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from completion.privacy import SECRETS, no_context, no_suggestions

SECRET = """
/w/.env /w/.env.local /w/prod.env /w/.envrc /w/secrets.toml /w/main.tfvars /w/deploy/server.pem /w/SERVER.KEY
/h/u/.ssh/config /h/u/.aws/credentials /h/u/.config/gcloud/x.json /h/u/.docker/config.json /h/u/.netrc /w/.npmrc
/h/u/.ssh/.env.example /h/u/.kube/config /h/u/id_ed25519 /w/client_secret_123.json /w/service-account.json
/h/u/.python_history
""".split()
NO_SECRET = """
/w/app.py /w/.env.example /w/env.py /w/environment.toml /w/config.json /w/settings.json /w/ca.crt /w/keys.py
/w/id_rsa.py /w/monkey.py /w/id_ed25519.pub /w/ssh/client.py /w/aws/s3.py /w/tests/test_pem.py /w/secrets.py
/h/u/.config/app.toml /w/pem /w/.github/workflows/ci.yml
""".split()


@pytest.mark.parametrize("path", SECRET)
def test_secrets_are_neither_completed_nor_read(path: str) -> None:
    """Without any setting."""
    assert no_suggestions(path)
    assert no_context(path)


@pytest.mark.parametrize("path", NO_SECRET)
def test_what_only_sounds_like_a_secret_is_none(path: str) -> None:
    """A list that is too long is switched off by its users."""
    assert not no_suggestions(path)
    assert not no_context(path)


def test_there_are_two_lists() -> None:
    """What git keeps for itself may be edited, and is no context."""
    assert not no_suggestions("/w/.git/COMMIT_EDITMSG")
    assert no_context("/w/.git/COMMIT_EDITMSG")


@pytest.mark.parametrize(
    ("pattern", "meant", "not_meant"),
    [
        ("*.sql", "/w/a/x.sql", "/w/a/x.sql.py"),
        ("*.sql", "/w/dump.sql/x.py", "/w/sql/x.py"),
        ("vendor", "/w/vendor/x.py", "/w/vendored/x.py"),
        ("vendor/", "/w/vendor/x.py", "/w/vendor"),
        ("gen/*.py", "/w/gen/x.py", "/w/gen/deep/x.py"),
        ("gen/**/x.py", "/w/gen/deep/er/x.py", "/w/gen/deep/y.py"),
        ("gen/**/x.py", "/w/gen/x.py", "/w/x.py"),
        ("gen/sub/", "/w/gen/sub/x.py", "/w/gen/sub"),
        ("/w/one.py", "/w/one.py", "/w/two.py"),
        ("~/notes/", "~/notes/x.md", "/elsewhere/notes/x.md"),
        ("[a-c].py", "/w/b.py", "/w/d.py"),
        ("Mixed.PY", "/w/mixed.py", "/w/mixed.pyi"),
        ("**", "/w/x.py", None),
        ("**/", "/w/x.py", None),
    ],
)
def test_patterns(monkeypatch: pytest.MonkeyPatch, pattern: str, meant: str, not_meant: str | None) -> None:
    """The user's stand beside the built-in ones; each list is asked for itself."""
    monkeypatch.setenv("HOME", "/h/u")
    meant = meant.replace("~", "/h/u")
    assert no_suggestions(meant, (pattern,))
    assert no_context(meant, (pattern,))
    assert not no_suggestions(meant)
    if not_meant is not None:
        assert not no_suggestions(not_meant, (pattern,))


def test_links_are_what_they_lead_to(tmp_path: Path) -> None:
    """A harmless name does not open a key."""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "key").write_text("secret")
    (tmp_path / "notes.txt").symlink_to(tmp_path / ".ssh" / "key")
    assert no_context(str(tmp_path / "notes.txt"))


PARTS = st.sampled_from(["a", "b", "*", "**", "?", "[", "[!", "a*", "."])


@given(st.lists(PARTS, min_size=1, max_size=12), st.lists(st.sampled_from("ab"), max_size=12))
def test_any_pattern_can_be_asked(pattern: list[str], parts: list[str]) -> None:
    """Also those of a project that nobody trusts: none takes long, none fails, none opens a secret."""
    no_context("/" + "/".join(parts), ("/".join(pattern),))
    assert no_context("/w/.env", ("/".join(pattern),))


def test_a_long_pattern_takes_no_time() -> None:
    """The work grows with the product of both lengths, not with the number of ways to fit."""
    assert not no_context("/" + "/".join("a" * 200), ("/".join(["**", "a"] * 60) + "/b",))


@pytest.mark.parametrize("pattern", SECRETS)
def test_no_built_in_pattern_means_the_usual(pattern: str) -> None:
    """Each is a pattern of its own, and none means Python files."""
    assert not no_suggestions("/w/package/module.py", (pattern,))
