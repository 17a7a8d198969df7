"""Text in the languages of the table, in pieces for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

LANGUAGES = (
    "javascript",
    "typescript",
    "typescriptreact",
    "go",
    "c",
    "cpp",
    "rust",
    "java",
    "json",
    "plaintext",
    "php",
)

FRAGMENTS = (
    *(b"a b x1 if else for return in of case typeof new R r br u8R let fn func".split()),
    *(b"#if #else #endif #define #error".split()),
    *(b". , : ; = == ++ -- ! ? ( ) [ ] { } ( ) { } => -> :: ?. < > </ /> <a <b> </b> <T,>".split()),
    *(b'" \' ` """ ${ }${ / // /* */ /**/ \\ \\\\ # ## r#" "# R"( )" R"x( )x" \'a \'b\' \'\\\'\''.split()),
    *(b'1 1\'0 0x_f 1.5 /[/]/ // "" \'\' `` """"'.split()),
    *(b" ", b" ", b"\t", b"\n", b"\n    ", b"\n", b"\r\n", b"\r", b"\\\n", b"\\\r\n"),
    *(word.encode() for word in ("é", "名", "😀")),
    *(b"a.b(c)[0].d\n", b"// it's\n", b"`a${b(`c${d}`)}`", b"<p a={b}>it's {c}</p>", b"\xff", b"\xe2\x82"),
)


def source_text(most: int = 24) -> st.SearchStrategy[bytes]:
    """Return pieces of source in any order, whole and broken UTF-8 included."""
    return st.lists(st.sampled_from(FRAGMENTS), max_size=most).map(b"".join)
