"""The source as the house tests see it: files, modules, rooms, functions, SQL."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "siyu"
QUERY_METHODS = {"all", "maybe", "one", "run", "send", "run_many"}
KEPT = {"query", "signature"}


@dataclass(frozen=True)
class Module:
    """One Python file of the package."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def where(self) -> str:
        return str(self.path.relative_to(ROOT))


@dataclass(frozen=True)
class Query:
    """One SQL statement that some function gives to a unit of work."""

    where: str
    sql: str


@cache
def modules() -> dict[str, Module]:
    """Every module of siyu by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("siyu", *path.relative_to(PACKAGE).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        found[name] = Module(name, path, text, ast.parse(text))
    return found


def python_files() -> list[Path]:
    """Every Python file of the project: the package, its tests, benches and tools."""
    return [
        path
        for folder in ("src", "tests", "bench", "tools")
        for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def room_of(name: str) -> str:
    """The room a module belongs to: `siyu.<floor>.<room>` where that is a package, else its floor or itself."""
    parts = name.split(".")
    front = modules().get(".".join(parts[:3]))
    if len(parts) >= 3 and front is not None and front.path.name == "__init__.py":
        return front.name
    return ".".join(parts[:2])


def imports_of(module: Module) -> Iterator[str]:
    """Modules of siyu that this one names in an import, also inside functions."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("siyu"))
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("siyu"):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules() else node.module


def long_functions(text: str, most: int) -> list[str]:
    """Functions of more than `most` lines, decorators not counted."""
    return [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > most
    ]


def calls_of(module: Module, *names: str) -> list[str]:
    """Places where one of these is called: `print`, `datetime.now` …"""
    return [
        f"{module.where}:{node.lineno} {ast.unparse(node.func)}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names
    ]


def _literal(node: ast.expr, constants: dict[str, str]) -> str | None:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return constants.get(name)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = (_literal(left, constants), _literal(right, constants))
            return None if None in parts else "".join(part for part in parts if part)
    return None


def _query_argument(call: ast.Call) -> ast.expr | None:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in QUERY_METHODS:
        return None
    position = 0 if call.func.attr in {"run", "send", "run_many"} else 1
    receiver = ast.unparse(call.func.value)
    is_unit_of_work = receiver in {"uow", "self", "at.uow", "unit"}
    return call.args[position] if is_unit_of_work and len(call.args) > position else None


@cache
def queries() -> tuple[list[Query], list[str]]:
    """All SQL given to units of work, and the places where it could not be read from the source."""
    found: list[Query] = []
    unreadable: list[str] = []
    for module in modules().values():
        constants = {
            node.targets[0].id: text
            for node in module.tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            if (text := _literal(node.value, {})) is not None
        }
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call) or (argument := _query_argument(node)) is None:
                continue
            where = f"{module.where}:{node.lineno}"
            sql = _literal(argument, constants)
            if sql is not None:
                found.append(Query(where, sql))
            elif not _is_kept(argument):
                unreadable.append(f"{where} {ast.unparse(argument)[:60]}")
        found += _kept(module)
    return found, unreadable


def _is_kept(argument: ast.expr) -> bool:
    """The unit of work's own parameter, or a statement that a struct keeps in a field of type LiteralString."""
    return ast.unparse(argument) == "query" or (isinstance(argument, ast.Attribute) and argument.attr in KEPT)


def _kept(module: Module) -> list[Query]:
    """Statements given to structs that keep them: `query=` and `signature=` of a data set of the lake."""
    return [
        Query(f"{module.where}:{node.value.lineno}", sql)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.keyword) and node.arg in KEPT
        if (sql := _literal(node.value, {})) is not None
    ]


PARAMETER = re.compile(r"%\((\w+)\)s")
COPIED = re.compile(r"^\s*copy\s*\((.*)\)\s*to stdout\b.*$", re.IGNORECASE | re.DOTALL)


def numbered(sql: str) -> tuple[str, list[str]]:
    """The statement (of a COPY its query) with `$1 …` for its named parameters, and their names in that order."""
    sql = COPIED.sub(r"\1", sql)
    names = list(dict.fromkeys(PARAMETER.findall(sql)))
    return PARAMETER.sub(lambda m: f"${names.index(m[1]) + 1}", sql).replace("%%", "%"), names
