"""The floors of the house: nobody imports from a higher one, and no two rooms need each other.

An import inside a function counts like any other; one for type checkers alone does not.
"""

import ast
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FLOORS = (
    (
        "synth.errors",
        "synth.registry",
        "synth.lazy",
        "synth.jobs",
        "synth.cache",
        "synth.environment",
    ),
    ("synth.data", "synth.interests.vocabulary"),
    ("synth.bayes",),
    ("synth.constraints",),
    ("synth.privacy",),
    ("synth.generators",),
    ("synth.populations",),
    (
        "synth.cluster",
        "synth.virtual",
        "synth.interests",
        "synth.describe",
        "synth.ask",
        "synth.fitting",
        "synth.lives",
        "synth.days",
    ),
    ("synth.linked",),
    ("synth.people",),
    ("synth.evaluate",),
    ("synth.simulation", "synth.survey", "synth.talk"),
    ("synth.shipped_populations", "synth.prepare", "synth.api"),
    ("synth.bench",),
    ("synth.cli", "synth.__main__"),
    ("synth",),  # the door, which names rooms and imports them when they are asked for
    ("pages",),
    ("app",),
)
"""From the lowest to the highest; a module is on the floor of its longest name here."""

_PLACES = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


@cache
def modules():
    """Module name → its tree, of all code but tests; read when a test asks, not on import."""
    paths = [ROOT / "app.py", *(ROOT / "synth").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    trees = {}
    for path in paths:
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[name] = ast.parse(path.read_text("utf-8"), str(path))
    return trees


def floor(module):
    """The number of a module's floor; 0 is the lowest."""
    if module == "synth":
        return _PLACES["synth"]
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        room = ".".join(parts[:length])
        if room in _PLACES and room != "synth":
            return _PLACES[room]
    raise AssertionError(f"{module} is on no floor: name its room in FLOORS.")


def _is_type_checking(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) in (
        "TYPE_CHECKING",
        "typing.TYPE_CHECKING",
    )


_BLOCKS = (ast.stmt, ast.excepthandler, ast.match_case)


def imports(tree, module):
    """(line, imported name, whether at module level) of every import that runs."""
    results = []

    def visit(node, top):
        if _is_type_checking(node):
            for child in node.orelse:
                visit(child, top)
            return
        if isinstance(node, ast.Import):
            results.extend((node.lineno, alias.name, top) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports relatively: name the room."
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                results.append((node.lineno, whole if whole in modules() else node.module, top))
        inner = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _BLOCKS):  # an expression imports nothing
                visit(child, top and not inner)

    visit(tree, True)
    return results


@cache
def arrows():
    """(module, line, what it imports, whether at module level) of all code but tests."""
    return [
        (module, line, imported, top)
        for module, tree in modules().items()
        for line, imported, top in imports(tree, module)
    ]


def ours(name):
    return name.split(".")[0] in ("synth", "pages", "app")


def test_every_module_is_on_a_floor():
    for module in modules():
        assert floor(module) >= 0
    for room in _PLACES:
        assert room in modules(), f"{room} is named in FLOORS and is not there"


def test_no_arrow_upwards():
    wrong = [
        f"{module}:{line} imports {imported}"
        for module, line, imported, _ in arrows()
        if ours(imported) and floor(imported) > floor(module)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_package_imports_upwards_for_its_modules():
    """Whoever imports a.b.c runs a.b first, so a.b must not load what stands above a.b.c."""
    loads = {}
    for module, _, imported, top in arrows():
        if top and ours(imported):
            loads.setdefault(module, set()).add(imported)
    wrong = [
        f"{module} runs {package}, which imports {other}, for {imported}"
        for module, _, imported, _ in arrows()
        if imported in modules()
        and module.rpartition(".")[0] != (package := imported.rpartition(".")[0])
        for other in loads.get(package, ())
        if package.startswith("synth.") and floor(other) > floor(module)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_circle():
    graph = {module: set() for module in modules()}
    for module, _, imported, top in arrows():
        if top and ours(imported) and imported in modules() and imported != module:
            graph[module].add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("a circle of imports: " + " → ".join(reversed(error.args[1])))


def test_no_circle_of_rooms():
    """Rooms on one floor may not need each other either, in functions or elsewhere."""

    def room(module):
        return max((r for r in _PLACES if f"{module}.".startswith(f"{r}.")), key=len)

    graph = {}
    for module, _, imported, _ in arrows():
        if ours(imported) and room(module) != room(imported):
            graph.setdefault(room(module), set()).add(room(imported))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("rooms that need each other: " + " → ".join(reversed(error.args[1])))


def test_synth_knows_nothing_of_screens():
    wrong = [
        f"{module}:{line} imports {imported}"
        for module, line, imported, _ in arrows()
        if module.split(".")[0] == "synth"
        and imported.split(".")[0] in ("streamlit", "plotly", "pages", "app")
    ]
    assert not wrong, "\n".join(wrong)


def test_jobs_know_nothing_but_errors():
    needed = {
        imported
        for module, _, imported, _ in arrows()
        if module.startswith("synth.jobs") and imported.startswith("synth")
    }
    assert {name for name in needed if not name.startswith("synth.jobs")} <= {"synth.errors"}


def test_nobody_imports_what_is_private_elsewhere():
    wrong = [
        f"{module}:{node.lineno} imports {node.module}.{alias.name}"
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and ours(node.module or "")
        for alias in node.names
        if alias.name.startswith("_")
    ]
    assert not wrong, "\n".join(wrong)


def test_the_test_itself_sees_imports_in_functions_and_not_those_for_types():
    code = (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import synth.people.profile\n"
        "def f():\n    from synth.evaluate import report\n"
    )
    seen = imports(ast.parse(code), "synth.example")
    assert [(name, top) for _, name, top in seen] == [
        ("typing", True),
        ("synth.evaluate.report", False),
    ]


def test_the_first_page_waits_for_nothing_that_it_does_not_need():
    """Each of these takes a third of a second and more; `python -X importtime` says so."""
    heavy = ("scipy.", "sklearn", "torch", "sqlalchemy", "dask", "PIL.ImageFilter")
    graph = {}
    for module, _, imported, top in arrows():
        if top:
            graph.setdefault(module, set()).add(imported)
    seen, queue = set(), ["pages.profiles.page", "pages.shared.sidebar", "pages.talk.presenter"]
    while queue:
        module = queue.pop()
        if module in seen:
            continue
        seen.add(module)
        parts = module.split(".")
        packages = {".".join(parts[:length]) for length in range(1, len(parts))}
        queue.extend(name for name in graph.get(module, set()) | packages if ours(name))
    assert len(seen) > 50
    wrong = [
        f"{module} imports {imported}"
        for module in sorted(seen)
        for imported in graph.get(module, ())
        if imported.startswith(heavy)
    ]
    assert not wrong, "\n".join(wrong)
    before_it = {"app", "pages.shared.housekeeping", "synth.api", "synth.api.routes"}
    assert not {
        imported
        for module in before_it
        for imported in graph[module]
        if imported.startswith(("synth.populations", "synth.bayes", "synth.people", "numpy"))
    }, "the server is ready before the library is read"
