"""Many visitors at once: sessions that speak Streamlit's own protocol to a server of the app.

``python -m synth.bench.load --sessions 1,10,50 --minutes 10`` starts a server, lets so many
sessions act every ten seconds on average (random pages, facts, seeds and populations), and says how
long actions took, what the server's process held before, meanwhile and after, and whether anybody
saw what another session asked for. Needs the app's requirements.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from urllib.request import urlopen

import typer

APP = Path(__file__).resolve().parents[2] / "app.py"
PAGES = ("profiles", "marginals", "correlations", "interests", "network", "report", "compare")
"""The pages that sessions go to."""
FACTS: dict[str, tuple[tuple[str, str], ...]] = {
    "us-time-use": (
        ("gender", "female"),
        ("gender", "male"),
        ("marital", "married"),
        ("marital", "widowed"),
        ("top1", "gardening"),
    ),
    "french-hobbies": (("gender", "female"), ("gender", "male")),
}
"""Population → what sessions know of people, beside the age that is each one's own."""
PATIENCE = 300.0
"""Seconds that an answer may take before it counts as an error."""
WARM = 30.0
"""Seconds that the server is used before it is measured."""
_AGED = re.compile(r"aged (\d\d)–(\d\d)".encode())


@dataclass
class ProcessResources:
    """What the server's process holds.

    Attributes
    ----------
    megabytes : float
        Resident memory.
    threads, descriptors, temporary : int
        Threads, open file descriptors, and entries of its temporary folder.
    processor : float
        Seconds of processor time since it started.
    """

    megabytes: float
    threads: int
    descriptors: int
    temporary: int
    processor: float


@dataclass
class Result:
    """What one number of sessions showed.

    Attributes
    ----------
    sessions : int
        How many there were.
    seconds : list of float
        What each action took, from the request to the end of its run.
    errors : list of str
        Answers that did not come or hold an error.
    crossed : int
        Answers that hold another session's ages.
    before, after : ProcessResources
        The server before the first session came, and when all had left.
    most : float
        The most resident megabytes meanwhile.
    log : list of str
        Lines of the server's log that speak of an error.
    """

    sessions: int
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    crossed: int = 0
    before: ProcessResources | None = None
    after: ProcessResources | None = None
    most: float = 0.0
    log: list[str] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """The seconds within which that share of the actions ended."""
        ordered = sorted(self.seconds)
        return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else math.nan


# ---------------------------------------------------------------------- the server


class Server:
    """A server of the app in a process of its own, with a temporary folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port, self._temporary = port, folder / "tmp"
        self._temporary.mkdir()
        self._log = folder / "log"
        command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
        command += ["--server.headless", "true", "--server.address", "127.0.0.1"]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=APP.parent,
                env={**os.environ, "TMPDIR": str(self._temporary)},
            )

    def wait(self) -> None:
        """Until it is healthy."""
        for _ in range(240):
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/_stcore/health", timeout=5) as reply:
                    if reply.status == 200:
                        return
            except OSError:
                time.sleep(0.5)
        raise RuntimeError(self._log.read_text(errors="replace")[-2000:])

    def resources(self) -> ProcessResources:
        """What it holds now (Linux)."""
        place = Path("/proc") / str(self._process.pid)
        status = dict(
            line.split(":", 1)
            for line in (place / "status").read_text().splitlines()
            if ":" in line
        )
        ticks = (place / "stat").read_text().rpartition(")")[2].split()
        return ProcessResources(
            int(status["VmRSS"].split()[0]) / 1024,
            int(status["Threads"]),
            len(list((place / "fd").iterdir())),
            len(list(self._temporary.iterdir())),
            (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK"),
        )

    def complaints(self) -> list[str]:
        """Lines of its log that speak of errors."""
        text = self._log.read_text(errors="replace")
        return [line for line in text.splitlines() if re.search(r"Traceback|Error\b", line)]

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


# ---------------------------------------------------------------------- sessions


class Session:
    """One visitor: a websocket, and ages that nobody else asks for."""

    def __init__(self, number: int, port: int, seed: int, pages: tuple[str, ...]) -> None:
        self._random = random.Random(f"{seed}/{number}")
        self._url = f"ws://127.0.0.1:{port}/_stcore/stream"
        self._pages = pages
        self.ages = (20 + number % 25, 50 + number // 25)
        self._back = import_module("streamlit.proto.BackMsg_pb2").BackMsg
        self._forward = import_module("streamlit.proto.ForwardMsg_pb2").ForwardMsg

    def address(self) -> tuple[str, str]:
        """A random page with its query."""
        population = self._random.choice(tuple(FACTS))
        parameters = [("population", population), *(("age", str(end)) for end in self.ages)]
        if self._random.random() < 0.7:
            parameters.append(self._random.choice(FACTS[population]))
        parameters.append(("seed", str(self._random.randrange(1, 1000))))
        return self._random.choice(self._pages), urlencode(parameters)

    async def act(self, result: Result, until: float, pause: float, others: set[Any]) -> None:
        """Go from page to page until the time is over."""
        connect = import_module("websockets.asyncio.client").connect
        await asyncio.sleep(self._random.uniform(0, pause))
        async with connect(
            self._url, subprotocols=["streamlit"], max_size=None, ping_interval=None
        ) as line:
            while time.monotonic() < until:
                page, query = self.address()
                begun = time.monotonic()
                try:
                    content = await asyncio.wait_for(self._visit(line, page, query), PATIENCE)
                except (TimeoutError, OSError) as error:
                    result.errors.append(f"{page}?{query}: {error!r}")
                    return
                result.seconds.append(time.monotonic() - begun)
                seen = {(int(a), int(b)) for a, b in _AGED.findall(content)}
                result.crossed += bool(seen & others)
                if b"Traceback" in content or b"has encountered an error" in content:
                    result.errors.append(f"{page}?{query}: an error on the page")
                await asyncio.sleep(self._random.expovariate(1 / pause))

    async def _visit(self, line: Any, page: str, query: str) -> bytes:
        """Ask for a page as the browser's back button does; all that came until it was done."""
        ask = self._back()
        ask.rerun_script.query_string = query
        ask.rerun_script.page_name = page
        ask.rerun_script.is_history_navigation = True
        await line.send(ask.SerializeToString())
        parts = []
        while True:
            content = await line.recv()
            message = self._forward.FromString(content)
            parts.append(content)
            if message.WhichOneof("type") == "script_finished" and message.script_finished in (
                self._forward.FINISHED_SUCCESSFULLY,
                self._forward.FINISHED_WITH_COMPILE_ERROR,
            ):
                return b"".join(parts)


async def visit(
    server: Server, count: int, seconds: float, pause: float, seed: int, pages: tuple[str, ...]
) -> Result:
    """Let sessions act, and look at the server before, meanwhile and after."""
    result = Result(count, before=server.resources())
    until = time.monotonic() + seconds
    sessions = [Session(number, server.port, seed, pages) for number in range(count)]
    ages = {session.ages for session in sessions}

    async def watch() -> None:
        while True:
            result.most = max(result.most, server.resources().megabytes)
            await asyncio.sleep(1)

    watching = asyncio.create_task(watch())
    await asyncio.gather(
        *(session.act(result, until, pause, ages - {session.ages}) for session in sessions)
    )
    watching.cancel()
    await asyncio.sleep(5)
    result.after = server.resources()
    result.log = server.complaints()
    return result


def report(result: Result) -> str:
    """A result in a few lines."""
    before, after = result.before, result.after
    assert before is not None and after is not None
    used = after.processor - before.processor
    lines = [
        f"{result.sessions} sessions, {len(result.seconds)} actions: "
        + ", ".join(f"p{100 * q:.0f} {result.quantile(q):.2f} s" for q in (0.5, 0.95, 0.99))
        + f"; {used / max(len(result.seconds), 1):.2f} s of processor an action",
        f"  memory {before.megabytes:.0f} → at most {result.most:.0f} → {after.megabytes:.0f} MB, "
        f"threads {before.threads} → {after.threads}, "
        f"descriptors {before.descriptors} → {after.descriptors}, "
        f"temporary files {before.temporary} → {after.temporary}",
        f"  {len(result.errors)} errors, {result.crossed} answers with another session's ages, "
        f"{len(result.log)} lines of errors in the log",
    ]
    return "\n".join([*lines, *(f"  ! {text}" for text in (*result.errors, *result.log)[:5])])


def main(
    sessions: Annotated[str, typer.Option(help="How many, between commas.")] = "1,10,50",
    minutes: Annotated[float, typer.Option(help="How long each.")] = 10.0,
    pause: Annotated[float, typer.Option(help="Mean seconds between a session's actions.")] = 10.0,
    pages: Annotated[str, typer.Option(help="Pages, between commas.")] = ",".join(PAGES),
    seed: Annotated[int, typer.Option(help="Another seed, other actions.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Load a server of the app with sessions."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    chosen = tuple(pages.split(","))
    with tempfile.TemporaryDirectory(prefix="populace-load-") as folder:
        server = Server(Path(folder), port)
        try:
            server.wait()
            # The first visitor's pages are read and compiled, which is not what is measured.
            asyncio.run(visit(server, 1, WARM, 0.1, seed + 1, chosen))
            for count in map(int, sessions.split(",")):
                result = asyncio.run(visit(server, count, 60 * minutes, pause, seed, chosen))
                text = json.dumps(asdict(result)) if as_json else report(result)
                print(text, flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    typer.run(main)
