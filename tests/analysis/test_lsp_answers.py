"""Questions to language servers and their answers as values; edits as servers apply them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.analyzers.language_servers.answers import (
    NAMESPACE,
    SCOPE,
    TAILS,
    TRUNCATED,
    fact_of,
    name_of,
    path_of,
    question,
)
from analysis.analyzers.language_servers.catalogue import SERVERS, server_of
from analysis.analyzers.language_servers.worker import edit, title, trimmed
from analysis.facts import UNRESOLVED, BaseDocument, FactKey, ParameterKind

DOCUMENT = BaseDocument("/p/a.ts", "/p", "let a\n", "end\n", "  ", language="typescript", trusted=True)

TEXTS = st.text(alphabet="ab\n\r😀é ", max_size=12)


def applied(text: str, change: dict[str, Any]) -> str:
    """Apply a change as a server does: lines, then UTF-16 code units."""
    lines, line = [], ""
    for number, char in enumerate(text):
        line += char
        if char == "\n" or (char == "\r" and text[number + 1 : number + 2] != "\n"):
            lines.append(line)
            line = ""
    lines.append(line)

    def offset(place: dict[str, int]) -> int:
        units = lines[place["line"]].encode("utf-16-le")[: 2 * place["character"]]
        return sum(map(len, lines[: place["line"]])) + len(units.decode("utf-16-le"))

    begin, end = (offset(change["range"][side]) for side in ("start", "end"))
    assert begin <= end
    return text[:begin] + change["text"] + text[end:]


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_an_edit_makes_the_new_text_of_the_old(head: str, old: str, new: str, tail: str) -> None:
    """Whatever the two have in common, and wherever characters of two code units or line ends stand."""
    before, after = head + old + tail, head + new + tail
    assert applied(before, edit(before, after)) == after


def test_an_edit_is_small() -> None:
    """A keystroke in a large file is a keystroke for the server."""
    text = "line\n" * 1000
    change = edit(text, text[:2500] + "x" + text[2500:])
    assert change["text"] == "x"
    assert change["range"]["start"] == change["range"]["end"] == {"line": 500, "character": 0}


@pytest.mark.parametrize(
    ("kind", "receiver", "tail", "character"),
    [
        ("members", "account.", "x;", 10),
        ("members", "'😀'.", "x,", 7),
        ("signatures", "account.deposit", "();", 18),
        ("definitions", "account.deposit", ";", 16),
    ],
)
def test_the_question_stands_in_the_hole(kind: str, receiver: str, tail: str, character: int) -> None:
    """The receiver is completed to a statement; the place counts UTF-16 code units."""
    asked = question(DOCUMENT, FactKey(kind, DOCUMENT.digest, receiver), tail)
    assert tail in TAILS[kind]
    assert asked["text"] == f"let a\n  {receiver}{tail}\nend\n"
    assert (asked["line"], asked["character"], asked["language"]) == (1, character, "typescript")


def test_the_middle_comes_first() -> None:
    """What was written in the hole before counts as written."""
    asked = question(DOCUMENT, FactKey("members", DOCUMENT.digest, "b.", "  let b = a\n  "), "x;")
    assert asked["text"] == "let a\n  let b = a\n  b.x;\nend\n"
    assert (asked["line"], asked["character"]) == (2, 4)


def test_half_a_character_is_replaced() -> None:
    """A text that cannot be sent would be the worker's end; the place stays."""
    document = replace(DOCUMENT, prefix="'\ud83d'\n")
    asked = question(document, FactKey("members", document.digest, "'\ud83d😀'."), "x;")
    assert asked["text"] == "'\ufffd'\n  '\ufffd😀'.x;\nend\n"
    assert asked["character"] == 8


@pytest.mark.parametrize(
    ("text", "sort", "name"),
    [
        ("balance", 5, "balance"),
        ("deposit(${1:int amount})", 2, "deposit"),
        (" •deposit(…)", 2, ""),
        ("?.balance", 5, "balance"),
        ("#secret", 5, "#secret"),
        ("$el", 5, "$el"),
        ("größe", 5, "größe"),
        ('["content-type"]', 5, ""),
        ("~Account", 2, ""),
        ("if", 14, ""),
        ("snippet", 15, ""),
        ("word", 1, ""),
        ("java.util.List", 7, ""),
    ],
)
def test_names_of_items(text: str, sort: int, name: str) -> None:
    """What an item writes, if it is a member's name."""
    assert name_of(text, sort) == name


@pytest.mark.parametrize(
    ("language", "receiver", "truncated", "kind"),
    [
        ("typescript", "a.", False, "typescript"),
        ("typescriptreact", "a.", False, "typescript"),
        ("javascript", "a.", False, "javascript"),
        ("javascriptreact", "a.", True, TRUNCATED),
        ("cpp", "a.", False, "cpp"),
        ("cpp", "std::", False, NAMESPACE),
        ("c", "a->", False, "c"),
        ("rust", "Vec::", False, "rust"),
    ],
)
def test_the_class_tells_what_the_list_is_worth(language: str, receiver: str, truncated: bool, kind: str) -> None:
    """Cut lists, and those of namespaces in C++, are classes of their own."""
    document = BaseDocument("/p/a", "/p", "", "", language=language)
    key = FactKey("members", document.digest, receiver)
    assert fact_of(document, key, {"items": [["a", 5]], "truncated": truncated}, "server").kind == kind
    assert fact_of(document, key, {"items": [], "truncated": truncated}, "server").kind == UNRESOLVED


@pytest.mark.parametrize(
    ("items", "kind"),
    [
        ([["make", 3], ["~Account", 2]], SCOPE),
        ([["Red", 20], ["Green", 20]], SCOPE),
        ([["Red", 13], ["Green", 13]], SCOPE),
        ([["open(${1:int a})", 3], ["Inner", 7]], NAMESPACE),
    ],
)
def test_a_class_has_a_destructor(items: list[list[Any]], kind: str) -> None:
    """By which it is told from a namespace; enumerations have only constants."""
    document = BaseDocument("/p/a", "/p", "", "", language="cpp")
    key = FactKey("members", document.digest, "Account::")
    assert fact_of(document, key, {"items": items, "truncated": False}, "server").kind == kind


def test_what_a_package_of_java_holds() -> None:
    """Is listed with its whole name."""
    document = BaseDocument("/p/A.java", "/p", "", "", language="java")
    key = FactKey("members", document.digest, "java.util.")
    items = [["java.util.List", 7], ["java.util.concurrent.", 9], ["java.lang.", 9]]
    assert fact_of(document, key, {"items": items, "truncated": False}, "server").names == {"List"}


@pytest.mark.parametrize(
    ("language", "callee", "labels", "known"),
    [
        ("typescript", "a.map", ["map<U>(f: (x: T) => U): U[]"], True),
        ("typescript", "super", ["Base(a: number): Base"], True),
        ("cpp", "account", ["operator()(int a) -> int"], False),
        ("cpp", "Two", ["two(int a) -> int"], False),  # a macro, and what it expands to
        ("cpp", "two", ["two(int a) -> int", "other(int a) -> int"], False),
        ("cpp", "none", ["none() -> int"], True),
        ("c", "none", ["none() -> int"], False),
        ("go", "gen[int]", ["func(a T) T"], False),
        ("rust", "a.put", ["fn put(&mut self, note: &str)"], True),
        ("java", "put", ["put() : void"], True),
    ],
)
def test_a_signature_is_that_of_the_callee(language: str, callee: str, labels: list[str], known: bool) -> None:
    """By its name; and in C no parameters may be any number."""
    document = BaseDocument("/p/a", "/p", "", "", language=language)
    key = FactKey("signatures", document.digest, callee)
    ways = [{"label": label, "parameters": []} for label in labels]
    fact = fact_of(document, key, {"signatures": ways}, "server")
    assert (len(fact.signatures), fact.kind) == ((len(labels), language) if known else (0, UNRESOLVED))


@pytest.mark.parametrize(
    ("language", "labels", "expected"),
    [
        ("typescript", ["amount: number", "note?: string", "...rest: any[]"], ["amount!", "note", "rest*"]),
        ("typescript", ["f: (a?: number) => void"], ["f!"]),
        ("typescript", ["value: void | PromiseLike<void>"], ["value"]),
        ("typescript", ["f: () => void", "g: (...all: any[]) => void"], ["f!", "g!"]),
        ("typescript", ["{ a, ...b }: { a: number }"], ["a!"]),
        ("go", ["f func(args ...any)"], ["f!"]),
        ("cpp", ["Args &&args...", "A &&a"], ["args*", "a!"]),
        ("go", ["amount int", "notes ...string"], ["amount!", "notes*"]),
        ("cpp", ["int amount", "int note = 0", "..."], ["amount!", "note", "*"]),
        ("rust", ["amount: u32"], ["amount!"]),
        ("java", ["int amount", "String... notes"], ["amount!", "notes*"]),
    ],
)
def test_signatures(language: str, labels: list[str], expected: list[str]) -> None:
    """Each parameter's name, whether it is required (!), or takes any number (*); labels are texts or places."""
    document = BaseDocument("/p/a", "/p", "", "", language=language)
    key = FactKey("signatures", document.digest, "f")
    whole = f"f({', '.join(labels)})"
    places = [[whole.index(label), whole.index(label) + len(label)] for label in labels]
    for given_labels in (labels, places):
        way = {"label": whole, "parameters": [{"label": label} for label in given_labels]}
        (signature,) = fact_of(document, key, {"signatures": [way]}, "server").signatures
        shown = [
            p.name + ("*" if p.kind is ParameterKind.VAR_POSITIONAL else "!" * p.required) for p in signature.parameters
        ]
        assert shown == expected


def test_definitions_are_read_where_they_are(tmp_path: Path) -> None:
    """From the file, or from the text that the editor holds; what cannot be read is left out."""
    file = tmp_path / "größe a.ts"
    file.write_text("one\ntwo\nthree\n", encoding="utf-8")
    key = FactKey("definitions", DOCUMENT.digest, "a")

    def place(uri: str, first: int, last: int) -> dict[str, Any]:
        return {"uri": uri, "range": {"start": {"line": first}, "end": {"line": last}}}

    answers = [place(file.as_uri(), 1, 2), place("file:///p/a.ts", 0, 0), place("file:///nowhere", 0, 0)]
    fact = fact_of(DOCUMENT, key, answers, "server")
    assert [definition.text for definition in fact.definitions] == ["two\nthree", "let a"]
    assert path_of(file.as_uri()) == str(file)
    assert fact_of(DOCUMENT, key, None, "server").kind == UNRESOLVED


@pytest.mark.parametrize("result", [{"items": 3}, {"items": [{}]}, "words", 3, {"items": [3]}])
def test_nonsense_is_told_from_answers(result: object) -> None:
    """What is no completion makes an error and no empty list."""
    with pytest.raises((AttributeError, KeyError, TypeError)):
        trimmed(result)


@pytest.mark.parametrize(
    ("count", "incomplete", "whole", "cut"),
    [
        (3, False, False, False),
        (3, True, False, True),
        (3, True, True, False),
        (4001, False, True, True),
    ],
)
def test_a_cut_list(count: int, incomplete: bool, whole: bool, cut: bool) -> None:
    """Is told by the server, if that can be believed, and by what is not read of it."""
    found = trimmed({"isIncomplete": incomplete, "items": count * [{"label": "a"}]}, whole)
    assert (found["truncated"], len(found["items"])) == (cut, min(count, 4000))


@pytest.mark.parametrize(
    ("about", "text"),
    [
        ({"name": "clangd", "version": "Debian clangd version 19.1.7 (3)"}, "clangd 19.1.7"),
        ({"name": "gopls", "version": '{"GoVersion":"go1.19","Version":"v0.16.1"}'}, "gopls 0.16.1"),
        ({"name": "gopls", "version": '{"Version":"master"}'}, "gopls master"),
        ({"name": "x"}, "x"),
        ({}, ""),
    ],
)
def test_servers_say_what_they_are(about: dict[str, Any], text: str) -> None:
    """In a few words, whatever they send."""
    assert title(about) == text


def test_every_server_knows_its_sample() -> None:
    """Each row of the table is found by its languages, and asks about a file of one of them."""
    for server in SERVERS:
        first, text = next(iter(server.sample.files.items()))
        assert text == ""
        assert server_of("", first) is server
        assert all(server_of(language) is server for language in server.languages)
    assert server_of("python") is None
