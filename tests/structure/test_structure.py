"""What is promised about the tree itself: nothing here needs a model or a server."""

import ast
import importlib
import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "src" / "cutdown"
BESIDE_THE_ENGINE = ("blocks", "tasks", "flows", "deployments")
TABLES = {  # module, table: where a folder's answers are listed by name
    "engines": ("cutdown.assembly.engines", "_ENGINES"),
    "voices": ("cutdown.voice", "_VOICES"),
    "directors": ("cutdown.director", "_DIRECTORS"),
    "transcribers": ("cutdown.speech", "_TRANSCRIBERS"),
    "adapters": ("cutdown.services.door", "_ADAPTERS"),
}
OPTIONAL = {"moviepy"}  # rows whose libraries come with an extra
ADDRESSES = ("https://json-schema.org/", "http://www.w3.org/", "http://127.0.0.1", "http://localhost")


def sources(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


OUTSIDE = sources(*(ROOT / name for name in BESIDE_THE_ENGINE))


@pytest.mark.parametrize("path", OUTSIDE, ids=named)
def test_no_file_hides_a_module_of_python_or_of_a_library(path: Path) -> None:
    """Prefect puts a flow's own folder first on the search path."""
    if path.stem.startswith("__"):
        return
    assert path.stem not in sys.stdlib_module_names, f"{named(path)} hides Python's own '{path.stem}'"
    libraries = importlib.metadata.packages_distributions()
    assert path.stem not in libraries, f"{named(path)} hides the library '{path.stem}'"


def rows() -> Iterator[tuple[str, str, str]]:
    for table, (module, attribute) in TABLES.items():
        for name, target in getattr(importlib.import_module(module), attribute).items():
            yield table, name, target


@pytest.mark.parametrize(("table", "name", "target"), list(rows()), ids=lambda value: value.split(":")[0])
def test_every_row_of_a_table_has_its_file_beside_it(table: str, name: str, target: str) -> None:
    module, _, attribute = target.partition(":")
    file = ENGINE.parent.joinpath(*module.split(".")).with_suffix(".py")
    assert file.is_file(), f"{table}: '{name}' points to {named(file)}, which is not there"
    assert module.startswith(TABLES[table][0].removesuffix(".engines").removesuffix(".door") + ".")
    defined = {
        node.name for node in ast.parse(file.read_text(encoding="utf-8")).body if hasattr(node, "name")
    }
    assert attribute in defined
    if name not in OPTIONAL:
        assert callable(getattr(importlib.import_module(module), attribute))


def test_the_options_name_the_same_engines_as_the_table() -> None:
    from cutdown.assembly.engines import _ENGINES
    from cutdown.settings import EngineName, RenderOptions

    assert set(EngineName.__args__) == set(_ENGINES)
    assert RenderOptions().engine in _ENGINES


def test_the_options_name_every_voice() -> None:
    from cutdown.settings import VoiceOptions
    from cutdown.voice import voice_names

    description = VoiceOptions.model_fields["voice"].description or ""
    assert VoiceOptions().voice in voice_names()
    assert all(name in description for name in voice_names())


def documentation(tree: ast.AST) -> set[int]:
    """Ids of the nodes that are docstrings: strings that stand alone."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def strings(path: Path) -> Iterator[str]:
    """The strings that a program uses; its documentation left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = documentation(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


@pytest.mark.parametrize("path", sources(ENGINE), ids=named)
def test_the_engine_needs_no_address_and_no_place_of_one_machine(path: Path) -> None:
    for text in strings(path):
        for address in re.findall(r"https?://[\w.-]+\.\w+\S*", text):
            assert address.startswith(ADDRESSES), f"{named(path)} speaks to {address}"
        assert not re.search(r"(?<!\w)/(work|home|Users|root)(/|$)", text), f"{named(path)}: {text!r}"


def code_lines(function: ast.FunctionDef) -> int:
    """Lines of a function without its docstring and without the functions inside it."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return sum(
        (part.end_lineno or 0) - part.lineno + 1 for part in body if not isinstance(part, ast.FunctionDef)
    )


@pytest.mark.parametrize("path", [*sources(ENGINE), *OUTSIDE], ids=named)
def test_modules_and_functions_stay_small_enough_to_read(path: Path) -> None:
    """About 300 lines a module and 40 a function are meant; this is where it ends."""
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, f"{named(path)} is long; split it by what it speaks about"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert code_lines(node) <= 60, f"{named(path)}: {node.name} is long"


@pytest.mark.parametrize("path", sources(ENGINE), ids=named)
def test_the_engine_knows_nothing_of_prefect(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not [name for name in names if name.split(".")[0] == "prefect"]


def test_tests_mirror_the_engine() -> None:
    packages = {path.name for path in ENGINE.iterdir() if (path / "__init__.py").is_file()}
    for folder in (ROOT / "tests" / "engine").iterdir():
        if folder.is_dir() and folder.name != "__pycache__":
            assert folder.name in packages, f"tests/engine/{folder.name} mirrors nothing"


def test_test_files_have_names_of_their_own_and_no_package() -> None:
    files = [path for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert not [named(path) for path in files if path.name == "__init__.py"]
    assert len({path.name for path in files}) == len(files)


def test_heavy_libraries_wait_until_they_are_needed() -> None:
    """The command line answers at once; what a phase needs is imported when it runs."""
    heavy = (
        "faster_whisper",
        "onnxruntime",
        "av",
        "prefect",
        "hibari",
        "ctranslate2",
        "PIL",
        "soxr",
        "openai",
        "anthropic",
        "elevenlabs",
        "genai_prices",
        "s3fs",
        "botocore",
        "aiohttp",
    )
    code = f"import sys, cutdown.cli; print(*(set(sys.modules) & {set(heavy)!r}))"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.split() == []
