"""The same sampling on a Dask cluster.

Every number of a sample is a function of the seed, the column and the row's number (see
`bayes.random`), so a partition is people number `start` to `start + rows` and nothing else: the
table is the same on one worker, on forty, and in `sample` of the same people on one machine, row
for row. (Workers of different processors may differ in the last bit of Gaussian columns, whose
logarithms come from the processor's own library.)

A `Question` travels as JSON text, the model's exact numbers and the constraints included, and each
worker process works it out once. Nothing of ours is pickled; Dask itself sends functions and
results between its processes with cloudpickle, so let only trusted machines join the cluster.

Dask is optional: `pip install "dask[dataframe]" distributed`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from synth.bayes.calibration import Target
from synth.bayes.network import Network
from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.constraints.posterior import ConstraintFactors, ConstraintTransform
from synth.data.atomic import remove_leftovers, whole
from synth.data.evidence import Evidence
from synth.data.writers import write_parquet as write_parquet_file
from synth.data.written import TableFormat
from synth.errors import PopulaceError
from synth.generators import Conditional, Model, generator
from synth.generators.bayes_network import BayesNetworkModel
from synth.generators.calibrated import CalibratedModel
from synth.generators.density_ratio import DensityRatio
from synth.generators.rare import RareModel
from synth.generators.refined import RefinedModel
from synth.populations.as_written import AsWritten, as_written, canonical

if TYPE_CHECKING:
    import dask.dataframe as dd

    from synth.bayes.inference import Posterior

PARTITION_ROWS = 1 << 20
"""Rows of a partition; a worker holds a few of them at a time."""
_UNKNOWN = (
    "These people have factors that no other machine knows (weights, say): draw them on this one."
)
MANIFEST = "_manifest.json"
"""What lies beside the files; no reader of the folder looks at names that begin so."""
MANIFEST_FORMAT = "populace-parts/1"
PATIENCE = 10
"""Seconds to wait for a cluster to answer."""


@dataclass(frozen=True, eq=False)
class Question:
    """Whom to draw: a model, and what is known of them.

    Attributes
    ----------
    model : Model
        What was learned.
    evidence, do : Evidence
        What is known, and what is set from outside.
    constraints : Constraints
        What holds in every row, and what is worked out in it.
    written : bool
        Whether they come as their table wrote them, or in canonical dtypes.
    """

    model: Model
    evidence: Evidence = field(default_factory=Evidence)
    do: Evidence = field(default_factory=Evidence)
    constraints: Constraints = NO_CONSTRAINTS
    written: bool = True

    @classmethod
    def of(cls, people: Question | Conditional) -> Question:
        """The question that a posterior answers; a question itself.

        Parameters
        ----------
        people : Question, or a network's posterior or a population's answer
            Whom to draw.

        Returns
        -------
        Question
            The same people.

        Raises
        ------
        PopulaceError
            The posterior has other factors than those of constraints.
        """
        if isinstance(people, Question):
            return people
        written = isinstance(people, AsWritten)
        posterior = cast("Posterior", canonical(people))
        transform, constraints = posterior.transform, NO_CONSTRAINTS
        if isinstance(transform, ConstraintTransform):
            constraints = transform.constraints
        elif transform is not None:
            raise PopulaceError(_UNKNOWN)
        if any(not isinstance(factors, ConstraintFactors) for factors in posterior.factors):
            raise PopulaceError(_UNKNOWN)
        model = BayesNetworkModel(posterior.network)
        return cls(model, posterior.evidence, posterior.do, constraints, written)

    def answer(self) -> Conditional:
        """The people, on this machine.

        Raises
        ------
        PopulaceError
            Nobody is like that, or the model cannot answer such a question.
        """
        people = self.model.given(self.evidence, self.do, self.constraints)
        if not self.written:
            return people
        return as_written(people, TableFormat(self.constraints.schema(self.model.schema)))


def sample(
    people: Question | Conditional,
    rows: int,
    seed: int = 0,
    *,
    partition_rows: int = PARTITION_ROWS,
) -> dd.DataFrame:
    """Draw people as a Dask table, when it is computed; the same as `sample` on one machine.

    Parameters
    ----------
    people : Question, or a network's posterior or a population's answer
        Whom to draw.
    rows : int
        How many people; the index runs from 0 to `rows` − 1, and divisions are known.
    seed : int
        The same seed gives the same people, however they are divided.
    partition_rows : int
        Rows of each partition but the last.

    Returns
    -------
    dask.dataframe.DataFrame
        `rows` people in partitions of `partition_rows`.

    Raises
    ------
    PopulaceError
        Dask is not installed, or a number of rows makes no sense.
    """
    dask, frames = _dask()
    bounds = _bounds(rows, partition_rows)
    question = Question.of(people)
    text = dask.delayed(_text_of(question), pure=True)
    draw = dask.delayed(_draw, pure=True)
    parts = [draw(text, low, high, seed) for low, high in bounds]
    divisions = (*(low for low, _ in bounds), max(rows - 1, 0))
    return frames.from_delayed(
        parts, meta=question.answer().sample(0), divisions=divisions, verify_meta=False
    )


def write_parquet(
    people: Question | Conditional,
    folder: str | Path,
    rows: int,
    seed: int = 0,
    *,
    partition_rows: int = PARTITION_ROWS,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[Path, ...]:
    """Draw people in parallel into a folder of Parquet files.

    A run that broke off goes on where it was when it is asked for again. `MANIFEST` names the
    files with their rows, bytes and SHA-256.

    Every worker writes its partitions itself, so the folder must be theirs too: the same machine
    or a shared disk.

    Parameters
    ----------
    people : Question, or a network's posterior or a population's answer
        Whom to draw.
    folder : str or Path
        A new folder.
    rows : int
        How many people.
    seed : int
        The same seed gives the same people, however they are divided.
    partition_rows : int
        Rows of each file but the last.
    progress : callable
        Gets the number of rows that are written.

    Returns
    -------
    tuple of Path
        The files, named in the order of their people; pandas and pyarrow read the folder as one
        table.

    Raises
    ------
    PopulaceError
        Dask is not installed, the folder holds something else already, or a number of rows makes
        no sense.
    """
    dask, _ = _dask()
    folder = Path(folder).absolute()
    bounds = _bounds(rows, partition_rows)
    question = _text_of(Question.of(people))
    task = {
        "format": MANIFEST_FORMAT,
        "question": hashlib.sha256(question.encode()).hexdigest(),
        "rows": rows,
        "seed": seed,
        "partition_rows": partition_rows,
    }
    _begin(folder, task)
    text = dask.delayed(question, pure=True)
    # Where a file is written is no value that another run could take over: never pure.
    write = dask.delayed(_write, pure=False)
    files = [folder / f"part-{number:06}.parquet" for number in range(len(bounds))]
    tasks = [
        write(text, str(path), low, high, seed)
        for path, (low, high) in zip(files, bounds, strict=True)
    ]
    written = _computed(dask, tasks, [high - low for low, high in bounds], progress)
    listed = [
        {"name": path.name, "rows": high - low, "bytes": size, "sha256": digest}
        for path, (low, high), (size, digest) in zip(files, bounds, written, strict=True)
    ]
    _save(folder / MANIFEST, {**task, "files": listed})
    remove_leftovers(folder)
    return tuple(files)


def _computed(
    dask: Any, tasks: list[Any], rows: list[int], progress: Callable[[int], None]
) -> list[tuple[int, str]]:
    """Size and sum of each file; `progress` gets the rows written, where a cluster is at work."""
    try:
        from distributed import as_completed, default_client

        # Whoever names another scheduler for this call does not mean the cluster.
        if "distributed" not in str(dask.config.get("scheduler", "distributed")):
            raise ValueError
        client = default_client()
    except (ImportError, ValueError):
        computed: list[tuple[int, str]] = list(dask.compute(*tasks))
        progress(sum(rows))
        return computed
    futures = client.compute(tasks)
    left = dict(zip(futures, rows, strict=True))
    done = 0
    for future in as_completed(futures):
        future.result()  # what went wrong there is raised here
        done += left[future]
        progress(done)
    gathered: list[tuple[int, str]] = client.gather(futures)
    return gathered


def _begin(folder: Path, task: Mapping[str, Any]) -> None:
    """Prepare the folder: a new one, or one in which a run of the same question broke off."""
    manifest = folder / MANIFEST
    if folder.exists() and not folder.is_dir():
        raise PopulaceError(f"{folder} is no folder: name a new one.")
    if folder.exists() and any(folder.iterdir()):
        try:
            before = json.loads(manifest.read_text(encoding="utf-8"))
            same = {key: before[key] for key in task} == dict(task)
        except (OSError, ValueError, KeyError, TypeError):
            raise PopulaceError(f"{folder} holds something already: name a new folder.") from None
        if not same:
            raise PopulaceError(
                f"{folder} holds other people, or the same in other parts: name a new folder."
            )
    folder.mkdir(parents=True, exist_ok=True)
    _save(manifest, dict(task))


def _save(path: Path, value: Mapping[str, Any]) -> None:
    with whole(path) as part:
        part.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def write_on_cluster(
    address: str,
    people: Question | Conditional,
    folder: str | Path,
    rows: int,
    seed: int = 0,
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[Path, ...]:
    """`write_parquet` on the cluster whose scheduler has this address, such as tcp://head:8786.

    Parameters
    ----------
    address : str
        Of the scheduler: ``tcp://head:8786``.
    people, folder, rows, seed, progress
        As in `write_parquet`.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    PopulaceError
        As `write_parquet`, or no cluster answers there.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise PopulaceError(
            'Dask is not installed: `pip install "dask[dataframe]" distributed`.'
        ) from error
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError, AssertionError) as error:  # a late client asserts that it closed
        raise PopulaceError(
            f"No Dask cluster answers at {address}: start one, or mend the address."
        ) from error
    with client:
        return write_parquet(people, folder, rows, seed, progress=progress)


def _bounds(rows: int, partition_rows: int) -> list[tuple[int, int]]:
    """First and last + 1 of every partition; one empty partition where nobody is asked for."""
    if rows < 0:
        raise PopulaceError(f"A sample cannot have {rows} rows: ask for none or more.")
    if partition_rows < 1:
        raise PopulaceError(f"A partition cannot have {partition_rows} rows: ask for 1 or more.")
    bounds = [(low, min(low + partition_rows, rows)) for low in range(0, rows, partition_rows)]
    return bounds or [(0, 0)]


def _draw(text: str, low: int, high: int, seed: int) -> pd.DataFrame:
    frame = _answer(text).sample(high - low, seed, start=low, threads=1)
    frame.index = pd.RangeIndex(low, high)
    return frame


def _write(text: str, path: str, low: int, high: int, seed: int) -> tuple[int, str]:
    """Write people number `low` to `high`, unless they are there; the file's size and sum."""
    file = Path(path)
    if not _is_there(file, high - low):
        table = _answer(text).sample_arrow(high - low, seed, start=low, threads=1)
        # A worker that was given up may still write what another was given: both write the same.
        write_parquet_file(file, [table], alone=False)
    with file.open("rb") as content:
        return file.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest()


def _is_there(file: Path, rows: int) -> bool:
    """Whether an earlier run has written a file; its name is given only to whole ones."""
    try:
        return bool(pq.read_metadata(file).num_rows == rows)
    except (OSError, pa.ArrowException):
        return False


# ---------------------------------------------------------------------- as text


def _text_of(question: Question) -> str:
    """A question as JSON, with the exact bits of its numbers.

    `Network.to_json` rounds tables to what people could tell apart, yet of 200,000 people drawn
    from a network of the Adult census every thirteenth differed. So the numbers that rounding
    changes travel beside it. Other models travel as the files that they save.
    """
    return json.dumps(
        {
            "model": _model(question.model),
            "given": question.evidence.text(question.model.schema),
            "do": question.do.text(question.model.schema),
            "written": question.written,
            "constraints": question.constraints.to_json() if question.constraints else None,
        }
    )


def _model(model: Model) -> dict[str, Any]:
    """A model as JSON; what corrects or weighs another model travels beside it."""
    if isinstance(model, BayesNetworkModel):
        return {"network": model.network.to_json()}
    if isinstance(model, RefinedModel):
        content = BytesIO()
        model.ratio.save(content)
        ratio = base64.b64encode(content.getvalue()).decode("ascii")
        return {"refined": _model(model.model), "ratio": ratio}
    if isinstance(model, RareModel):
        return {"rare": _model(model.model), "exponent": model.exponent}
    if isinstance(model, CalibratedModel):
        targets = [target.to_json(model.schema) for target in model.targets]
        return {"calibrated": _model(model.model), "targets": targets}
    return _files(model)


def _read_model(value: Mapping[str, Any]) -> Model:
    """The model that `_model` wrote."""
    if "network" in value:
        return BayesNetworkModel(Network.from_json(value["network"]))
    if "refined" in value:
        content = BytesIO(base64.b64decode(value["ratio"]))
        return RefinedModel(_read_model(value["refined"]), DensityRatio.load(content))
    if "rare" in value:
        return RareModel(_read_model(value["rare"]), float(value["exponent"]))
    if "calibrated" in value:
        model = _read_model(value["calibrated"])
        targets = [Target.from_json(target, model.schema) for target in value["targets"]]
        return CalibratedModel(model, tuple(targets))
    return _read_files(value)


def _files(model: Model) -> dict[str, Any]:
    with TemporaryDirectory(prefix="populace-") as folder:
        model.save(Path(folder))
        files = {
            str(path.relative_to(folder)): base64.b64encode(path.read_bytes()).decode("ascii")
            for path in sorted(Path(folder).rglob("*"))
            if path.is_file()
        }
    return {"generator": model.generator, "files": files}


@lru_cache(maxsize=4)
def _answer(text: str) -> Conditional:
    """The people that `_text_of` wrote of; worked out once in each process."""
    value = json.loads(text)
    model = _read_model(value["model"])
    evidence, do = (Evidence.parse(value[name], model.schema) for name in ("given", "do"))
    constraints = NO_CONSTRAINTS
    if value["constraints"] is not None:
        constraints = Constraints.from_json(value["constraints"], model.schema)
    return Question(model, evidence, do, constraints, bool(value["written"])).answer()


def _read_files(value: Mapping[str, Any]) -> Model:
    with TemporaryDirectory(prefix="populace-") as folder:
        for name, text in value["files"].items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(base64.b64decode(text))
        return generator(value["generator"]).load(Path(folder))


def _dask() -> tuple[Any, Any]:
    try:
        import dask
        import dask.dataframe as frames
    except ImportError as error:
        raise PopulaceError(
            'Dask is not installed: `pip install "dask[dataframe]" distributed`.'
        ) from error
    return dask, frames
