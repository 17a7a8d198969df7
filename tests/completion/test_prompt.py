"""Prompts that typing only appends to."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from completion.context.sources import Wishes
from completion.layout import Layout, lay_out
from completion.prompt import CONTEXT_SHARE, TYPED_TOKENS, Prompt, Prompts, found_again, one_block
from completion.types import CompletionRequest, Document, Snippet
from models.engines.prefill import common_length
from models.formats import detect
from models.vocabulary import Vocabulary
from tests.models import tiny_tokenizers

VOCABULARY = Vocabulary.of(tiny_tokenizers.qwen())
FORMAT = detect(VOCABULARY)
MARKS = {name: VOCABULARY.control[f"<|fim_{name}|>"] for name in ("prefix", "suffix", "middle")}

HEAD = "import os\n\n\nclass Account:\n    def __init__(self):\n        self.balance = 0\n\n"
TAIL = "\n    def close(self):\n        return None\n"
BUDGET = 1024


def at_cursor(marked: str, path: str = "/p/a.py") -> Layout:
    """Lay out a text whose cursor is marked by ``$0``."""
    before, _, after = marked.partition("$0")
    return lay_out(CompletionRequest(Document(path, before + after), len(before), "/p"))


def prompts() -> Prompts:
    """Return a keeper of prompts that knows no document."""
    return Prompts(VOCABULARY, FORMAT)


def sides(prompt: Prompt) -> tuple[str, str, str]:
    """Return what the model reads as prefix, suffix and beginning of the middle."""
    ids = list(prompt.ids)
    places = [ids.index(MARKS[name]) for name in ("prefix", "suffix", "middle")]
    parts = [ids[a + 1 : b] for a, b in zip(places, [*places[1:], None], strict=True)]
    prefix, suffix, middle = (VOCABULARY.decode(part).decode() for part in parts)
    return prefix, suffix, middle + prompt.healed.decode()


def typing(text: str, head: str = HEAD, tail: str = TAIL, budget: int = BUDGET) -> list[Prompt]:
    """Return the prompt before and after each typed character."""
    keeper = prompts()
    return [keeper.prompt(at_cursor(f"{head}{text[:n]}$0{tail}"), budget) for n in range(len(text) + 1)]


def test_the_model_reads_the_document() -> None:
    """Prefix, forced middle and suffix are the text around the cursor; what was healed is not among the ids."""
    prompt = prompts().prompt(at_cursor(HEAD + "    def deposit(self, am$0)" + TAIL), BUDGET)
    assert sides(prompt) == (HEAD, TAIL[1:], "    def deposit(self, am")
    assert (prompt.healed, prompt.unseen_before, prompt.unseen_behind) == (b" am", 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "    def deposit(self, amount):",
        "    def deposit(self, amount):\n        self.balance += amount\n        return self.balance",
        "    x = {\n        'a': 1,\n\n        'b': 2,\n",
        "    def one(self):\n        return [\n            self.balance,\n        ]\n",
    ],
)
def test_typing_appends(text: str) -> None:
    """Also over several lines, a keystroke changes nothing but the prompt's last tokens."""
    for before, after in zip(typed := typing(text), typed[1:], strict=False):
        assert common_length(before.ids, after.ids) >= len(before.ids) - 2
        assert len(after.ids) <= len(before.ids) + 4


def test_closers_that_the_editor_writes_change_nothing() -> None:
    """Brackets closed ahead, typed over, or pushed to a line of their own stay out of the prompt."""
    keeper = prompts()
    states = ["    f$0", "    f($0)", "    f(\n        $0\n    )", "    f(\n        a[$0]\n    )", "    f(a[0])$0"]
    made = [keeper.prompt(at_cursor(HEAD + state + TAIL), BUDGET) for state in states]
    assert {sides(prompt)[:2] for prompt in made} == {(HEAD, TAIL[1:])}


def test_the_rest_of_a_line_is_seen_as_suffix() -> None:
    """Code behind the cursor is what the middle has to fit."""
    prompt = prompts().prompt(at_cursor(HEAD + "    f(a, $0, c)" + TAIL), BUDGET)
    assert sides(prompt)[1] == ", c)" + TAIL


def test_a_long_typed_part_moves_into_the_prefix() -> None:
    """The cut moves on to the cursor's line once too much has been typed behind it, and the beginning stays."""
    line = "        self.balance += amount\n"
    typed = typing(line * 30, head=HEAD)
    cuts = [sides(prompt)[0] for prompt in typed]
    assert len(set(cuts)) > 2
    assert all(cut.startswith(HEAD) for cut in cuts)
    assert all(len(VOCABULARY.encode(sides(prompt)[2])) <= TYPED_TOKENS for prompt in typed)


def test_a_new_block_gets_a_cut_of_its_own() -> None:
    """What was typed in one block does not stand in the middle of another."""
    typed = typing("        self.balance = 0\n    def close(self):\n        ret")
    assert sides(typed[-1]) == (HEAD + "        self.balance = 0\n", TAIL[1:], "    def close(self):\n        ret")


def test_an_edit_of_what_the_model_reads_makes_new_marks() -> None:
    """No prompt ever shows text that is not in the document."""
    keeper = prompts()
    keeper.prompt(at_cursor(HEAD + "    x = $0" + TAIL), BUDGET)
    changed = keeper.prompt(at_cursor(HEAD.replace("0", "100") + "    x = $0" + TAIL.replace("None", "1")), BUDGET)
    assert sides(changed) == (HEAD.replace("0", "100"), TAIL[1:].replace("None", "1"), "    x = ")


LONG = "".join(f"def f{i}(a):\n    b = a + {i}\n    return b\n\n\n" for i in range(60))


def test_overflow_moves_the_beginning_once_and_far() -> None:
    """Typing on in a long file moves the prompt's beginning rarely, to a top-level statement."""
    keeper, starts, text = prompts(), [], LONG
    for i in range(40):
        text += f"def g{i}(a):\n    return a\n\n\n"
        prompt = keeper.prompt(at_cursor(text + "x$0\n" + TAIL), 500)
        assert len(prompt.ids) <= 500
        starts.append(prompt.unseen_before)
        assert i == 0 or text[prompt.unseen_before :].startswith("def ") or starts[-1] == starts[0]
    assert 2 <= len(set(starts)) <= 6


def test_a_document_far_larger_than_the_context_keeps_the_neighbourhood() -> None:
    """What stands next to the cursor is read; what is not is counted."""
    layout = at_cursor(LONG + "    x = $0\n" + LONG)
    prompt = prompts().prompt(layout, 300)
    prefix, suffix, middle = sides(prompt)
    assert len(prompt.ids) <= 300
    assert LONG.endswith(prefix) and LONG.startswith(suffix) and middle == "    x = "
    assert prompt.unseen_before == len(LONG) - len(prefix)
    assert prompt.unseen_behind == len(LONG) - len(suffix) > 0


def test_a_line_larger_than_the_context_is_cut_inside() -> None:
    """A generated file of one line gets a prompt that fits, from what is next to the cursor."""
    line = "x = [" + ", ".join(map(str, range(3000)))
    prompt = prompts().prompt(at_cursor(line + "$0"), 200)
    assert len(prompt.ids) <= 200
    assert line.endswith(sides(prompt)[2])
    assert prompt.healed == b"9"


def test_marks_of_few_documents_are_kept() -> None:
    """A workspace of a thousand files does not grow the service."""
    keeper = prompts()
    for i in range(200):
        keeper.prompt(at_cursor("x = $0", f"/p/{i}.py"), BUDGET)
    assert len(keeper) == 64


def test_a_prefix_is_found_after_an_edit_above_it() -> None:
    """An import added at the top of a long file does not move what the model reads."""
    keeper, cursor = prompts(), "    x = $0\n" + TAIL
    first = keeper.prompt(at_cursor(LONG + cursor), 400)
    again = keeper.prompt(at_cursor("import os\n" + LONG + cursor + " "), 400)
    assert again.unseen_before == first.unseen_before + len("import os\n")
    assert common_length(first.ids, again.ids) > 200


def test_found_again_tells_nowhere() -> None:
    """A beginning that was edited is nowhere."""
    keeper = prompts()
    keeper.prompt(at_cursor(HEAD + "x$0"), BUDGET)
    held = keeper._held["/p/a.py"]
    assert found_again(held, HEAD) == 0
    assert found_again(held, HEAD.replace("import", "from")) is None


@pytest.mark.parametrize(
    ("typed", "one"),
    [("", True), ("  a\n  b", True), ("  a\n\n    b", True), ("  a\nb", False), ("\n  a\n b", False), ("  a\n", True)],
)
def test_one_block(typed: str, one: bool) -> None:
    """A line that is indented less than the first ends the block; blank ones do not count."""
    assert one_block(typed) is one


BANK = Snippet("/project/src/bank.py", "class Bank:\n    rate = 3\n")
PLANTS = Snippet("/project/src/plants.py", "def water(bed):\n    return bed\n")
SHELL = Snippet("shell.py", "run = print\n")
AT = "    x = $0"


def context_of(prompt: Prompt) -> str:
    """Return what the model reads before the document, marks as bars."""
    bar, start = VOCABULARY.control["<|file_sep|>"], prompt.ids.index(MARKS["prefix"])
    return "".join("|" if i == bar else VOCABULARY.decode([i]).decode() for i in prompt.ids[:start])


def test_parts_of_other_files_stand_before_the_document() -> None:
    """Each with its path, in the model's own format."""
    prompt = prompts().prompt(at_cursor(HEAD + AT + TAIL), BUDGET, Wishes((BANK,)), (PLANTS, SHELL))
    assert context_of(prompt) == (
        f"|project/src/bank.py\n{BANK.text}|project/src/plants.py\n{PLANTS.text}|shell.py\n{SHELL.text}|//p/a.py\n"
    )
    assert sides(prompt)[0] == HEAD
    plain = prompts().prompt(at_cursor(HEAD + AT + TAIL), BUDGET)
    assert (prompt.blocks, prompt.context_tokens) == (3, len(prompt.ids) - len(plain.ids))
    assert (plain.blocks, plain.context_tokens) == (0, 0)


def test_typing_appends_behind_other_files() -> None:
    """While one types, what was found first stays, whatever would be found now."""
    keeper, text = prompts(), "    def deposit(self, amount):\n        self.balance += amount"
    first = keeper.prompt(at_cursor(f"{HEAD}$0{TAIL}"), BUDGET, Wishes(), (BANK,))
    for n in range(1, len(text) + 1):
        layout = at_cursor(f"{HEAD}{text[:n]}$0{TAIL}")
        assert keeper.holds(layout, BUDGET, Wishes())
        prompt = keeper.prompt(layout, BUDGET, Wishes(), (PLANTS,))
        assert prompt.ids[: len(first.ids)] == first.ids
        assert prompt.blocks == 1


def test_other_files_stay_in_place_when_the_marks_move() -> None:
    """Of a new layout, the parts that stay stand where they stood; the document's own beginning does, too."""
    keeper = prompts()
    first = keeper.prompt(at_cursor(HEAD + AT + TAIL), BUDGET, Wishes(), (BANK, PLANTS))
    moved = at_cursor(HEAD + "    x = 1\nz = $0" + TAIL)
    assert not keeper.holds(moved, BUDGET, Wishes())
    second = keeper.prompt(moved, BUDGET, Wishes(), (SHELL, BANK, PLANTS))
    assert context_of(second).startswith(context_of(first).rpartition("|")[0])
    assert "shell.py" in context_of(second).rpartition("plants.py")[2]
    third = keeper.prompt(at_cursor(HEAD + "    x = 1\n" + TAIL + "\nz = $0"), BUDGET, Wishes(), (SHELL,))
    assert "bank.py" not in context_of(third)


def test_what_a_client_sends_counts_at_once() -> None:
    """Other parts of other files are another prompt; the same ones are not."""
    keeper, layout = prompts(), at_cursor(HEAD + AT + TAIL)
    keeper.prompt(layout, BUDGET, Wishes((BANK,)), ())
    assert keeper.holds(layout, BUDGET, Wishes((BANK,)))
    assert not keeper.holds(layout, BUDGET, Wishes((PLANTS,)))
    assert "plants.py" in context_of(keeper.prompt(layout, BUDGET, Wishes((PLANTS,)), ()))


def test_what_must_not_be_read_is_gone_at_once() -> None:
    """A new pattern, or a source that is switched off, is no matter of the next layout."""
    keeper, layout = prompts(), at_cursor(HEAD + AT + TAIL)
    keeper.prompt(layout, BUDGET, Wishes(), (BANK,))
    assert not keeper.holds(layout, BUDGET, Wishes(excluded=("bank.py",)))
    assert not keeper.holds(layout, BUDGET, Wishes(sources=()))
    assert keeper.prompt(layout, BUDGET, Wishes(excluded=("bank.py",)), ()).blocks == 0


def test_a_prompt_made_without_a_look_is_made_again_with_one() -> None:
    """A popup lays a prompt out in no time; the completion after it looks around."""
    keeper, layout = prompts(), at_cursor(HEAD + AT + TAIL)
    assert keeper.prompt(layout, BUDGET).blocks == 0
    assert not keeper.holds(layout, BUDGET, Wishes())
    assert keeper.prompt(layout, BUDGET, Wishes(), (BANK,)).blocks == 1
    assert keeper.prompt(layout, BUDGET).blocks == 1


def test_a_path_that_is_no_text() -> None:
    """File systems take any bytes; the model reads question marks for those that are no UTF-8."""
    odd, plain = (prompts().prompt(at_cursor(HEAD + "x = $0", path), BUDGET) for path in ("/p/\udce9.py", "/p/?.py"))
    assert odd == plain


def test_other_files_get_their_share_only() -> None:
    """The document keeps the rest, however much is found."""
    long = Snippet("long.py", "x = 1\n" * 5000)
    prompt = prompts().prompt(at_cursor(LONG + AT + "\n" + LONG), 600, Wishes((long,)), (long, BANK))
    assert 0 < prompt.context_tokens <= 600 // CONTEXT_SHARE + 2
    assert len(prompt.ids) <= 600
    assert BANK.text in context_of(prompt)


pieces = st.sampled_from(["a", "self", ".", "(", ")", "[", "]", "\n", "    ", " = ", "é", "'", "#", "def f():\n"])


found = st.lists(st.sampled_from([BANK, PLANTS, SHELL]), max_size=2, unique=True).map(tuple)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3), pieces, found), max_size=12),
    st.sampled_from([60, 150, 400]),
)
@settings(max_examples=60, deadline=None)
def test_any_editing_keeps_the_promises(edits: list[tuple[int, int, str, tuple[Snippet, ...]]], budget: int) -> None:
    """Whatever is edited where: the prompt fits, and its sides are the text next to the cursor."""
    keeper, text = prompts(), HEAD + TAIL
    for at, gone, new, snippets in edits:
        at = min(len(HEAD) - 20 + at, len(text))
        text = text[:at] + new + text[at + gone :]
        cursor = at + len(new)
        prompt = keeper.prompt(at_cursor(text[:cursor] + "$0" + text[cursor:]), budget, Wishes(), snippets)
        prefix, suffix, middle = sides(prompt)
        assert len(prompt.ids) <= budget
        assert text[:cursor].endswith(prefix + middle)
        assert prompt.unseen_before == cursor - len(prefix + middle)
        assert suffix in text[cursor:]
