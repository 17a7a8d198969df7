"""The program as an editor runs it: `verifill lsp`, the embedded model, real analysis, pygls' own client."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from tests.lsp_server.wire import ROOT

pytestmark = pytest.mark.slow

# Facts arrive while the user types on; this many requests are more than any user would send
# before the first one has come.
MOST_REQUESTS = 200
PATIENCE = 300.0

DOCUMENT = """\
class Ledger:
    def open_quarter(self, year):
        return year

    def post_voucher(self, amount):
        return amount


def main():
    ledger = Ledger()
    ledger.post_voucher(10)
    ledger.post_voucher(20)
    ledger.post_voucher(30)
    return ledger.
"""
CURSOR = types.Position(13, 18)


class Editor(LanguageClient):
    """pygls' client, and what it was told."""

    def __init__(self) -> None:
        """Listen to the status."""
        super().__init__("end-to-end", "1")
        self.statuses: list[Any] = []
        self.ready = asyncio.Event()

        @self.feature("didChangeStatus")
        def on_status(status: Any) -> None:
            self.statuses.append(status)
            if not status.busy:
                self.ready.set()

    async def open(self, folder: Path) -> str:
        """Start the server in ``folder``, shake hands and open the document."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        await self.start_io(sys.executable, "-m", "verifill", "lsp", "--in-process", cwd=folder, env=environment)
        workspace = types.WorkspaceFolder(folder.as_uri(), folder.name)
        params = types.InitializeParams(types.ClientCapabilities(), workspace_folders=[workspace])
        result = await self.initialize_async(params)
        assert result.capabilities.inline_completion_provider is not None
        self.initialized(types.InitializedParams())
        uri = (folder / "books.py").as_uri()
        document = types.TextDocumentItem(uri, "python", 1, DOCUMENT)
        self.text_document_did_open(types.DidOpenTextDocumentParams(document))
        await self.ready.wait()
        assert self.statuses[-1].kind == "Normal", self.statuses[-1].message
        return uri

    async def leave(self) -> int | None:
        """Leave politely and return the exit code."""
        await self.shutdown_async(None)
        self.exit(None)
        await self.stop()
        assert self._server is not None
        return self._server.returncode


def run(session: Callable[[Editor], Any]) -> None:
    """Run one editor session."""

    async def main() -> None:
        await asyncio.wait_for(session(Editor()), PATIENCE)

    asyncio.run(main())


def params(uri: str, position: types.Position = CURSOR) -> types.InlineCompletionParams:
    context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic)
    return types.InlineCompletionParams(context, types.TextDocumentIdentifier(uri), position)


def test_a_name_behind_a_dot_is_one_that_exists(tmp_path: Path) -> None:
    """The item replaces the line, and with the certificate comes a method of the class."""

    async def session(editor: Editor) -> None:
        uri = await editor.open(tmp_path)
        for _ in range(MOST_REQUESTS):
            result = await editor.text_document_inline_completion_async(params(uri))
            assert result is not None, editor.statuses
            (item,) = result.items
            assert item.range == types.Range(types.Position(CURSOR.line, 0), CURSOR)
            assert isinstance(item.insert_text, str)
            name = item.insert_text.removeprefix("    return ledger.").partition("(")[0].strip()
            checked = "checked against" in editor.statuses[-1].message
            if checked and name in {"open_quarter", "post_voucher", *dir(object)}:
                break
        else:
            pytest.fail(f"{name}, {editor.statuses[-1].message}")
        assert list(tmp_path.iterdir()) == []
        assert await editor.leave() == 0

    run(session)


def test_typing_as_suggested_asks_no_engine(tmp_path: Path) -> None:
    """Whatever the model suggests: typed along, it stays, and the engine has been asked once."""

    async def session(editor: Editor) -> None:
        uri = await editor.open(tmp_path)
        invoked = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked)
        asked = types.InlineCompletionParams(invoked, types.TextDocumentIdentifier(uri), CURSOR)
        result = await editor.text_document_inline_completion_async(asked)
        assert result is not None, editor.statuses
        text = result.items[0].insert_text
        typed = text.partition("\n")[0]
        for end in range(CURSOR.character, len(typed) - 1):
            place = types.Position(CURSOR.line, end)
            change = types.TextDocumentContentChangePartial(types.Range(place, place), typed[end])
            identifier = types.VersionedTextDocumentIdentifier(end, uri)
            editor.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))
            result = await editor.text_document_inline_completion_async(
                params(uri, types.Position(CURSOR.line, end + 1))
            )
            assert result is not None
            assert [item.insert_text for item in result.items][0] == text
        command = types.ExecuteCommandParams("verifill.showStatus")
        answers = (await editor.workspace_execute_command_async(command))["answers"]
        assert (answers["model"], answers["typed"]) == (1, len(typed) - 1 - CURSOR.character)
        assert await editor.leave() == 0

    run(session)


def test_requests_can_be_cancelled_and_the_next_is_answered(tmp_path: Path) -> None:
    """A cancelled request is an error, the ones after it have text or a reason."""

    async def session(editor: Editor) -> None:
        uri = await editor.open(tmp_path)
        for number in range(5):
            request = editor.protocol.send_request_async(
                "textDocument/inlineCompletion", params(uri), msg_id=f"c{number}"
            )
            editor.cancel_request(types.CancelParams(id=f"c{number}"))
            with pytest.raises(JsonRpcException) as caught:
                await request
            assert caught.value.code == types.LSPErrorCodes.RequestCancelled
        result = await editor.text_document_inline_completion_async(params(uri))
        assert result is not None or editor.statuses[-1].message
        assert await editor.leave() == 0

    run(session)


def test_a_workspace_with_packages_of_our_names(tmp_path: Path) -> None:
    """Packages called as ours are not imported, and nothing is written beside them."""

    async def session(editor: Editor) -> None:
        for name in ("models", "monitors", "lsp_server", "analysis"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "__init__.py").write_text("raise RuntimeError('imported')\n")
        before = sorted(tmp_path.rglob("*"))
        uri = await editor.open(tmp_path)
        await editor.text_document_inline_completion_async(params(uri))
        assert await editor.leave() == 0
        assert sorted(tmp_path.rglob("*")) == before

    run(session)
