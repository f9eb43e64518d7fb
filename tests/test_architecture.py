"""The rooms and their doors: imports go one way, and Azure is spoken to in three rooms alone."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Lower rooms first; a module may import from its own row and the rows above it in this list, never from below.
ROOMS = (
    (
        "reading",
        "redaction",
        "secret_value",
        "patience",
        "cutoff",
        "vault_address",
        "token_vault_address",
        "ids",
        "connection_string",
        "site_key",
        "sign_in",
        "expectation",
        "headers",
        "debug_pages",
        "logs",
        "keeping",
    ),
    ("tool_process",),
    ("claims", "diagnosis", "setting_readers", "pasting", "catalogue"),
    (
        "conf",
        "setting_hints",
        "how_chosen",
        "own_names",
        "words",
    ),
    ("asking",),
    ("credentials",),
    ("trace",),
    ("vault",),
    ("environment",),
    (
        "answer",
        "access",
        "audit",
        "report",
        "terminal",
        "checks",
        "apps",
    ),
    ("doctor", "identities"),
    ("templatetags",),
    ("views", "management"),
    ("urls",),
)
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}
TALKS_TO_AZURE = {"credentials", "trace", "vault"}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "secrets_app").parts[0].removesuffix(".py")


PRODUCT = [path for path in modules("secrets_app") if path != ROOT / "secrets_app" / "__init__.py"]


@pytest.mark.parametrize("path", PRODUCT, ids=str)
def test_no_import_points_up(path: Path) -> None:
    room = room_of(path)
    for name in imports(path):
        if name.startswith("secrets_app."):
            other = name.split(".")[1]
            assert LEVEL[other] <= LEVEL[room], f"{room} imports {other}, which lies above it"


@pytest.mark.parametrize("path", PRODUCT, ids=str)
def test_azure_is_imported_in_three_rooms_alone(path: Path) -> None:
    talks = any(name.split(".")[0] in {"azure", "msal"} for name in imports(path))
    assert not talks or room_of(path) in TALKS_TO_AZURE


@pytest.mark.parametrize("path", [*modules("secrets_app"), *modules("kvsite")], ids=str)
def test_the_product_does_not_know_local_azure(path: Path) -> None:
    assert "localazure" not in path.read_text().lower().replace(" ", "")


@pytest.mark.parametrize("path", modules("localazure"), ids=str)
def test_local_azure_does_not_know_the_product(path: Path) -> None:
    assert not {name.split(".")[0] for name in imports(path)} & {"secrets_app", "kvsite", "django"}


@pytest.mark.parametrize("path", PRODUCT, ids=str)
def test_settings_are_read_from_the_environment_in_one_place(path: Path) -> None:
    # They hand the environment to the room that says where we run, and to the tool that is started.
    if room_of(path) not in {"answer", "doctor", "identities", "tool_process"}:
        assert "os.environ" not in path.read_text()


@pytest.mark.parametrize("path", PRODUCT, ids=str)
def test_one_place_catches_everything(path: Path) -> None:
    broad = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in {"Exception", "BaseException"})
        and not isinstance(node.body[-1], ast.Raise)  # noting it and letting it go on is not catching
    ]
    assert len(broad) == (1 if path.name == "errand.py" else 0)
