"""The language servers that multilspy can be told to run, one row each.

What a row sets has one of two reasons.  Completeness: a list of names that a server has cut, guessed or
ranked proves nothing.  Modesty: nothing is downloaded or built, no code of the project is run for the sake of
the analysis, nothing is written into the project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from analysis.languages import language_of


@dataclass(frozen=True)
class Sample:
    """A project in one file, and a question about it with a known answer.

    Attributes:
        files: Contents by name; the first is the one that is asked about.
        before: What stands before the question.
        receiver: The question, as in ``FactKey.receiver``.
        after: What stands behind it.
        name: What the answer has to list.
    """

    files: Mapping[str, str]
    before: str
    receiver: str
    after: str
    name: str


@dataclass(frozen=True)
class Server:
    """A language server.

    Attributes:
        name: The language by which users call it.
        languages: What it serves, ids of ``analysis.languages``.
        bridge: The language's name in multilspy.
        programs: What it is called where it is installed, the best first.
        mend: How users install it.
        sample: Shows whether it works.
        needs: Programs that must be there for it to run.
        folders: Where it may lie besides the user's PATH, below the home folder.
        packages: What npm installs for it, with exact versions; empty if only users can install it.
        arguments: For the program.
        environment: Variables for the program.
        options: ``initializationOptions`` of the protocol.
        whole: Whether it calls lists incomplete that are not.
        reopens: Whether it reads a file that has changed only when it has been open since.
        lags: Whether it answers from what it has read of a file's headers before, while it reads them again.
        shared: Ends of the names of files that other files can see something of; empty for all.
        plain: Whether multilspy would insist on downloading it.
        ready: The ``language/status`` by which it says that it is ready; "" if it is at once, or multilspy knows.
    """

    name: str
    languages: tuple[str, ...]
    bridge: str
    programs: tuple[str, ...]
    mend: str
    sample: Sample
    needs: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False
    reopens: bool = False
    lags: bool = False
    shared: tuple[str, ...] = ()
    plain: bool = False
    ready: str = ""


_TYPESCRIPT: Final = Server(
    name="typescript",
    languages=("typescript", "typescriptreact", "javascript", "javascriptreact"),
    bridge="typescript",
    programs=("typescript-language-server",),
    packages=("typescript@5.5.4", "typescript-language-server@4.3.3"),
    mend="install Node.js 18 or newer with npm (apt install nodejs npm)",
    needs=("node",),
    reopens=True,  # what no tsconfig.json lists
    options={
        "disableAutomaticTypingAcquisition": True,
        "maxTsServerMemory": 3072,
        # The second server, for syntax, answers while the first still reads the project: with guesses.
        "tsserver": {"useSyntaxServer": "never"},
        "preferences": {"includeCompletionsForModuleExports": False},
    },
    sample=Sample(
        {"sample.ts": "", "tsconfig.json": "{}\n"},
        "interface Account { balance: number }\nfunction show(account: Account) {\n",
        "account.",
        "}\n",
        "balance",
    ),
)

_GO: Final = Server(
    name="go",
    languages=("go",),
    bridge="go",
    programs=("gopls",),
    needs=("go",),
    folders=("go/bin",),
    mend="install Go, then: go install golang.org/x/tools/gopls@latest (or: apt install gopls golang-go)",
    environment={"GOMEMLIMIT": "3GiB", "GOPROXY": "off", "GOTOOLCHAIN": "local"},
    options={
        # With deep or fuzzy matching gopls calls every list incomplete.
        "deepCompletion": False,
        "matcher": "CaseInsensitive",
        "completeUnimported": False,
        # After 100 ms it would cut a list at the next hundred names, and not say so.
        "completionBudget": "0s",
    },
    sample=Sample(
        {"main.go": "", "go.mod": "module sample\n\ngo 1.18\n"},
        "package main\n\ntype Account struct{ Balance int }\n\nfunc show(account Account) {\n",
        "account.",
        "}\n\nfunc main() {}\n",
        "Balance",
    ),
)

_CPP: Final = Server(
    name="cpp",
    languages=("c", "cpp"),
    bridge="cpp",
    programs=("clangd", "clangd-21", "clangd-20", "clangd-19", "clangd-18", "clangd-17"),
    mend="install clangd 17 or newer (apt install clangd-19; brew install llvm)",
    arguments=(
        "--limit-results=0",
        # Until a file's headers are read, clangd would answer from the words of the file.
        "--completion-parse=always",
        "--background-index=0",  # it is kept in the project's folder
        "--pch-storage=memory",  # files would stay behind when the server is killed
        "--header-insertion=never",
        "--use-dirty-headers",  # as they are in the editor
        "--log=error",
    ),
    lags=True,
    shared=(".h", ".hh", ".hpp", ".hxx", ".inl", ".ipp"),
    sample=Sample(
        {"sample.cpp": ""},
        "struct Account { int balance; };\nvoid show(Account account) {\n",
        "account.",
        "}\n",
        "balance",
    ),
)

_RUST: Final = Server(
    name="rust",
    languages=("rust",),
    bridge="rust",
    programs=("rust-analyzer",),
    needs=("cargo",),
    folders=(".cargo/bin",),
    mend="rustup component add rust-analyzer rust-src (or: apt install rust-analyzer)",
    environment={"CARGO_NET_OFFLINE": "true"},
    whole=True,  # so that it is asked again with each letter; "limit" says that nothing is cut
    options={
        "cachePriming": {"enable": False},
        "cargo": {"buildScripts": {"enable": False}, "noDeps": False},
        "procMacro": {"enable": False},
        "checkOnSave": False,
        "completion": {"autoimport": {"enable": False}, "postfix": {"enable": False}, "limit": None},
    },
    sample=Sample(
        {"src/main.rs": "", "Cargo.toml": '[package]\nname = "sample"\nversion = "0.1.0"\nedition = "2021"\n'},
        "struct Account { balance: i64 }\n\nfn show(account: Account) {\n",
        "account.",
        "}\n\nfn main() {}\n",
        "balance",
    ),
)

_JAVA: Final = Server(
    name="java",
    languages=("java",),
    bridge="java",
    programs=("jdtls",),
    needs=("java",),
    mend="unpack Eclipse JDT LS (https://download.eclipse.org/jdtls), then:"
    " verifill languages add java --server-install-dir FOLDER",
    plain=True,
    ready="ServiceReady",
    environment={"JDK_JAVA_OPTIONS": "-Djava.lsp.joinOnCompletion=true"},  # edits count before questions behind them
    options={
        "settings": {
            "java": {
                "autobuild": {"enabled": False},
                "completion": {
                    "guessMethodArguments": "off",
                    "maxResults": 0,  # all
                    "postfix": {"enabled": False},
                },
                "configuration": {"updateBuildConfiguration": "disabled"},
                "import": {
                    "generatesMetadataFilesAtProjectRoot": False,
                    "gradle": {"offline": {"enabled": True}, "wrapper": {"enabled": False}},
                    "maven": {"offline": {"enabled": True}},
                },
                "signatureHelp": {"enabled": True},
            }
        }
    },
    sample=Sample(
        {"Sample.java": ""},
        "class Sample {\n    int balance;\n    static void show(Sample sample) {\n",
        "sample.",
        "    }\n}\n",
        "balance",
    ),
)

_PHP: Final = Server(
    name="php",
    languages=("php",),
    bridge="php",
    programs=("intelephense",),
    needs=("node",),
    packages=("intelephense@1.18.5",),
    mend="install Node.js 18 or newer with npm (apt install nodejs npm)",
    sample=Sample(
        {"sample.php": ""},
        "<?php\nclass Account { public int $balance = 0; }\nfunction show(Account $account) {\n",
        "$account->",
        "}\n",
        "balance",
    ),
)

SERVERS: Final = (_TYPESCRIPT, _GO, _CPP, _RUST, _JAVA, _PHP)

_BY_LANGUAGE: Final = {language: server for server in SERVERS for language in server.languages}


def server_of(language: str, path: str = "") -> Server | None:
    """Return the server of a document, told as for ``analysis.languages.language_of``; None if there is none."""
    return _BY_LANGUAGE.get(language_of(language, path).id)
