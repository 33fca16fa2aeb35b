"""Write docs/reference/{settings,errors,permissions,events}.md from the code that they describe.

`python tools/reference.py` writes them; a house test fails when they are out of step.
"""

import ast
import importlib
import inspect
import pkgutil
import sys
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import msgspec

import siyu
from siyu import settings
from siyu.events import EVERY_FACT
from siyu.kernel.errors import DomainError, every_error
from siyu.kernel.permissions import ROLES, Permission
from siyu.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
WRITTEN = "<!-- Written by tools/reference.py from the code. Change the code, then run `python tools/reference.py`. -->\n"


def field_docstrings(kind: type) -> dict[str, str]:
    """The string under each field of a class, which Python itself throws away."""
    (tree,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(tree, ast.ClassDef)
    found: dict[str, str] = {}
    for field, after in zip(tree.body, tree.body[1:], strict=False):
        match field, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = sentence(text)
    return found


def sentence(text: str | None) -> str:
    """A docstring on one line, safe inside a table."""
    return " ".join((text or "").split()).replace("|", "\\|")


def own_words(kind: type) -> str:
    """What a class says of itself; empty when it only inherits words or has those that msgspec makes."""
    return sentence(kind.__dict__.get("__doc__"))


def table(*head: str, rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def settings_page() -> str:
    """Every `SIYU_*` variable, its default and what it does."""
    said = field_docstrings(Settings)
    rows = [
        (
            f"`{PREFIX}{field.name.upper()}`",
            f"`{_default(field.default)}`" if field.default != "" else "",
            said[field.name],
        )
        for field in msgspec.structs.fields(Settings)
    ]
    return (
        f"# Settings 设置\n\n{WRITTEN}\n{sentence(settings.__doc__)} An unknown `{PREFIX}*` variable stops the start. "
        "`siyu doctor` shows the values in force, secrets hidden.\n\n"
        f"{table('variable', 'default', 'meaning', rows=rows)}"
    )


def _default(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def every_module() -> None:
    """Import all of siyu, so that everything that can be declared has been."""
    for module in pkgutil.walk_packages(siyu.__path__, "siyu."):
        importlib.import_module(module.name)


def errors_page() -> str:
    """Every refusal: code, status, and the sentence in both languages."""
    every_module()
    rows = [
        (f"`{kind.code}`", str(kind.status), sentence(kind.zh), sentence(kind.en), own_words(kind))
        for kind in every_error()
        if kind is not DomainError
    ]
    return (
        f"# Errors 错误码\n\n{WRITTEN}\nEvery refusal has a stable `code`. The API answers `application/problem+json` "
        "(RFC 9457) with `code`, `title`, `detail`, the `field` at fault where one is, and the facts in braces as "
        "members; people see the sentence in their language. A refused request has changed nothing.\n\n"
        f"{table('code', 'status', '中文', 'English', 'meaning', rows=rows)}"
    )


def permissions_page() -> str:
    """Every permission, the roles that have it, and the routes that need it."""
    from siyu.rooms import ROUTES

    needed: dict[Permission, list[str]] = {permission: [] for permission in Permission}
    for route, method, opt in declared(ROUTES):
        wanted = opt.get("permission", ())
        for permission in wanted if isinstance(wanted, tuple) else (wanted,):
            needed[permission].append(f"`{method} {route}`")
    rows = [
        (
            f"`{permission}`",
            ", ".join(role for role, has in ROLES.items() if permission in has),
            str(len(needed[permission])),
        )
        for permission in Permission
    ]
    head = (
        f"# Permissions 权限\n\n{WRITTEN}\n{sentence(Permission.__doc__)} A role is a set of permissions; an API key is "
        "given its own set. A route that names two is open to either, and narrows what each may see.\n\n"
    )
    parts = [head, table("permission", "roles", "routes", rows=rows)]
    for permission, routes in needed.items():
        if routes:
            parts.append(
                f"\n## `{permission}`\n\n" + "".join(f"- {route}\n" for route in sorted(set(routes)))
            )
    return "".join(parts)


def declared(routes: typing.Any) -> Iterator[tuple[str, str, dict[str, typing.Any]]]:
    """(path, method, opt) of every handler, the slug written as people read it."""
    for handler in routes:
        for path in sorted(handler.paths):
            for method in sorted(handler.http_methods - {"HEAD", "OPTIONS"}):
                plain = path.replace(":uuid}", "}").replace(":str}", "}").replace(":path}", "}")
                yield plain, method, handler.opt


def events_page() -> str:
    """Every fact that rooms publish, with its fields."""
    head = (
        f"# Events 事实\n\n{WRITTEN}\nFacts in the past tense, written in the transaction that made them true. Money is "
        "in minor units; the time of a fact is that of its row. A field is only ever added.\n"
    )
    parts, seen = [head], dict[type, str]()
    for fact in sorted(EVERY_FACT, key=lambda kind: str(kind.__struct_config__.tag)):
        parts.append(f"\n## `{fact.__struct_config__.tag}`\n\n")
        parts.append(f"{own_words(fact)}\n\n" if own_words(fact) else "")
        parts.append(_fields(fact))
        for field in msgspec.structs.fields(fact):
            for part in typing.get_args(field.type):
                if isinstance(part, type) and issubclass(part, msgspec.Struct):
                    seen.setdefault(part, f"\n### `{part.__name__}`\n\n{own_words(part)}\n\n{_fields(part)}")
    return "".join([*parts, "\n## Parts\n", *seen.values()])


def _fields(kind: type[msgspec.Struct]) -> str:
    hints = typing.get_type_hints(kind)
    return table(
        "field",
        "type",
        rows=[(f"`{field.name}`", _type(hints[field.name])) for field in msgspec.structs.fields(kind)],
    )


def _type(hint: typing.Any) -> str:
    if isinstance(hint, types.UnionType):
        inner = [_type(part) for part in typing.get_args(hint) if part is not type(None)]
        return f"{' or '.join(inner)}, may be null"
    if typing.get_origin(hint) is tuple:
        return f"list of {_type(typing.get_args(hint)[0])}"
    names = {UUID: "UUID", int: "whole number", str: "text", bool: "true or false"}
    return names.get(hint) or f"`{hint.__name__}`"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "errors.md": errors_page,
    "permissions.md": permissions_page,
    "events.md": events_page,
}


def main() -> int:
    """Write the pages that have changed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        path, text = FOLDER / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
