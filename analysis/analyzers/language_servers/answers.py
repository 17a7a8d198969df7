"""Questions to language servers and what is made of the answers.

* ``members``: the names that may follow ``receiver``, which ends with the member operator: ``account.``, ``p->``,
  ``Account::``.  The fact's kind is the language ("typescript", "javascript", "go", "c", "cpp", "rust", "java", "php"),
  ``SCOPE`` or ``NAMESPACE``; or ``TRUNCATED``: such a list proves nothing about other names.
* ``signatures``: the ways to call ``receiver``, if the server's answer is about that at all.
* ``definitions``: where ``receiver`` comes from.

A server that is not ready has no answer: the question is delivered as None, and the next request asks it again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote, urlparse
from urllib.request import url2pathname

from analysis.facts import UNRESOLVED, BaseDocument, Definition, Fact, FactKey, Parameter, ParameterKind, Signature
from analysis.languages import language_of

KINDS: Final = ("members", "signatures", "definitions")

TRUNCATED: Final = "truncated"
"""The class of a list of names that was cut, by the server or on the way."""

SCOPE: Final = "cpp_scope"
"""The class of what follows ``::`` in C++ behind a class or an enumeration."""

NAMESPACE: Final = "cpp_namespace"
"""The class of what follows ``::`` behind a namespace: of those clangd lists what its index holds, which comes late."""

TAILS: Final[Mapping[str, tuple[str, ...]]] = {
    "members": ("x;", "x,"),
    "signatures": ("();", "(),"),
    "definitions": (";", "();"),
}
"""What makes a statement of the receiver, or an element of what is open around it (``repair``).

Servers recover from a missing name, but not all of them well.
"""

# Items that are no names of members: text, keywords, snippets, files, folders.
_NO_MEMBERS: Final = frozenset({1, 14, 15, 17, 19})

_CONSTANTS: Final = frozenset({13, 20})  # of an enumeration; servers may have to call them enumerations

# Behind a value that may be missing, TypeScript's server would write the operator anew.
_NAME: Final = re.compile(r"(?:\?\.|\.|->|::)?(#?(?!\d)[\w$]++)(?!\.)")

# In most languages the dots stand before the type; in C++ and Java behind it.
_VARIADIC: Final = re.compile(r"\s*(?:[\w$]+\s+)?\.\.\.")
_DOTS_BEHIND: Final = frozenset(("c", "cpp", "java"))

_VOID: Final = re.compile(r"\s*(?:[^(]*\|\s*)?void\b")

_KIND_OF: Final = {"javascriptreact": "javascript", "typescriptreact": "typescript"}

_MOST_LINES: Final = 60
_LARGEST_FILE: Final = 1 << 20


def question(document: BaseDocument, key: FactKey, tail: str) -> dict[str, Any]:
    """Return a question as the worker wants it (``worker``).

    Args:
        document: The document that ``key`` names.
        key: The question, of one of ``KINDS``.
        tail: What follows the receiver on its line, ``repair.tails``.
    """
    before = document.prefix + (key.middle or document.indent) + key.receiver
    at_name = 1 if key.kind == "definitions" else 0  # a place at the name's end is not in the name for all servers
    opened = before + ("(" if key.kind == "signatures" else "")
    line, start = opened.count("\n"), opened.rfind("\n") + 1
    column = len(opened[start:].encode("utf-16-le", "surrogatepass")) // 2 - at_name
    return {
        "ask": key.kind,
        "path": document.path,
        "language": language_of(document.language, document.path).id,
        "text": sound(f"{before}{tail}\n{document.suffix}"),
        "line": line,
        "character": column,
    }


def fact_of(document: BaseDocument, key: FactKey, result: Any, server: str) -> Fact:
    """Return the fact in a worker's answer; ``UNRESOLVED`` if there is nothing in it.

    Args:
        document: The document that ``key`` names.
        key: The question.
        result: The answer.
        server: Who answered.

    Raises:
        AttributeError, IndexError, KeyError, TypeError, ValueError: The answer makes no sense.
    """
    kind = language_of(document.language, document.path).id
    kind = _KIND_OF.get(kind, kind)
    if key.kind == "members":
        # What a package holds, JDT LS lists with the package's name.
        texts = ((str(text).removeprefix(key.receiver), sort) for text, sort in result["items"])
        names = frozenset(name for text, sort in texts if (name := name_of(text, sort)))
        if names:
            if kind == "cpp" and key.receiver.endswith("::"):
                kind = SCOPE if is_type(result["items"]) else NAMESPACE
            return Fact(key, names, TRUNCATED if result["truncated"] else kind, server)
    elif key.kind == "signatures":
        listed = (result or {}).get("signatures", ())
        ways = tuple(signature_of(way, kind) for way in listed if is_of(str(way["label"]), key.receiver))
        # In C, a function without parameters may be declared without saying which it has.
        if ways and len(ways) == len(listed) and (kind != "c" or all(way.parameters for way in ways)):
            return Fact(key, frozenset(), kind, server, signatures=ways)
    else:
        places = result if isinstance(result, list) else [result] if result else []
        definitions = tuple(found for place in places if (found := definition_of(place, document)) is not None)
        if definitions:
            return Fact(key, frozenset(), kind, server, definitions=definitions)
    return Fact(key, frozenset(), UNRESOLVED, "")


def name_of(text: str, sort: int) -> str:
    """Return the name that a completion item writes behind a member operator; "" if it writes none.

    >>> name_of("deposit(${1:int amount})", 2), name_of("?.balance", 5), name_of('["a-b"]', 5), name_of("for", 14)
    ('deposit', 'balance', '', '')
    """
    if sort in _NO_MEMBERS:
        return ""
    found = _NAME.match(text.strip())
    return found[1] if found is not None else ""


def is_type(items: Sequence[Sequence[Any]]) -> bool:
    """Whether the names behind a ``::`` are those of a class, which has a destructor, or of an enumeration."""
    return any(str(text).startswith("~") for text, _ in items) or all(sort in _CONSTANTS for _, sort in items)


def signature_of(way: Mapping[str, Any], language: str) -> Signature:
    """Return one of a server's signatures as a value.

    Raises:
        KeyError, TypeError, ValueError: It is none.
    """
    label = str(way["label"])
    return Signature(tuple(parameter_of(_text(each["label"], label), language) for each in way.get("parameters") or ()))


def is_of(label: str, callee: str) -> bool:
    """Whether a signature's label is that of what is called: servers answer for what a macro expands to, too.

    >>> is_of("map<U>(f: (x: T) => U): U[]", "a.map"), is_of("fn put(&self)", "a.put"), is_of("two(int a)", "TWO")
    (True, True, False)
    """
    name = re.search(r"[\w$#]+\Z", callee)
    head = label.partition("(")[0].partition("<")[0].split()
    return name is not None and (name[0] == "super" or head[-1:] == [name[0]])


def parameter_of(text: str, language: str) -> Parameter:
    """Return a parameter as it is written in a language.

    >>> parameter_of("note?: string", "typescript").required, parameter_of("int note = 0", "cpp").name
    (False, 'note')
    """
    before_type = language in ("typescript", "javascript", "rust")
    head, _, kind = text.partition(":") if before_type else (text, "", "")
    words = re.findall(r"(?!\d)[\w$]+", head.partition("=")[0])
    name = (words[0] if before_type or language == "go" else words[-1]) if words else ""
    if "..." in head if language in _DOTS_BEHIND else _VARIADIC.match(head):
        return Parameter(name, ParameterKind.VAR_POSITIONAL, False)
    # An argument of type ``void`` need not be passed.
    optional = "=" in head or (before_type and (head.rstrip().endswith("?") or _VOID.match(kind) is not None))
    return Parameter(name, ParameterKind.POSITIONAL, not optional)


def definition_of(place: Mapping[str, Any], document: BaseDocument) -> Definition | None:
    """Return the source at a location, or None if it cannot be read.

    Raises:
        KeyError, TypeError: It is none.
    """
    path = path_of(str(place["targetUri"] if "targetUri" in place else place["uri"]))
    extent = place.get("targetRange") or place["range"]
    first, last = int(extent["start"]["line"]), int(extent["end"]["line"])
    text = f"{document.prefix}\n{document.suffix}" if path == document.path else _read(path)
    lines = (text or "").split("\n")[first : min(last + 1, first + _MOST_LINES)]
    return Definition(path, "\n".join(lines)) if any(lines) else None


def path_of(uri: str) -> str:
    """Return the path of a file's URI.

    >>> path_of("file:///a%20b/c.ts")
    '/a b/c.ts'
    """
    parsed = urlparse(uri)
    return url2pathname(parsed.path) if os.name == "nt" else unquote(parsed.path)


def sound(text: str) -> str:
    """Return a text that can be sent: editors may hold halves of characters."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _text(label: Any, signature: str) -> str:
    """Return a parameter's label: a text, or where it begins and ends in the signature's, in UTF-16 code units."""
    if isinstance(label, str):
        return label
    begin, end = label
    return signature.encode("utf-16-le")[2 * begin : 2 * end].decode("utf-16-le")


def _read(path: str) -> str | None:
    try:
        if os.path.getsize(path) > _LARGEST_FILE:
            return None
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None
