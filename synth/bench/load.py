"""Many visitors at once: sessions that speak Streamlit's own protocol to a server of the app.

``python -m synth.bench.load --sessions 1,10,50 --minutes 10`` starts a server, lets so many
sessions act every ten seconds on average (random pages, facts, seeds and populations, now and then
a table of their own in the Studio), and says how long actions took, what the server's process held
before, meanwhile and after, and whether anybody saw what another session asked for or brought.
With ``--processes 2`` two servers share the sessions, each of which stays with one, as behind a
proxy that sends a visitor always to the same replica. Needs the app's requirements.
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
from urllib.request import Request, urlopen

import typer

from synth import populations

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
UPLOADS = 0.02
"""The share of actions that bring a table of one's own to the Studio."""
PATIENCE = 300.0
"""Seconds that an answer may take before it counts as an error."""
WARM = 30.0
"""Seconds that the server is used before it is measured."""
HELD = 60.0
"""Seconds after which the server is looked at again, its visitors gone; sessions end by then."""
_AGED = re.compile(r"aged (\d\d)–(\d\d)".encode())
_TABLE = re.compile(rb"people-of-(\d+)\.csv")


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
        Seconds of processor time since it started, with its children that have ended.
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
    uploads : list of float
        What each upload took, from choosing the file until the Studio had read it.
    errors : list of str
        Answers that did not come or hold an error.
    crossed : int
        Answers that hold another session's ages or table.
    before, after : ProcessResources
        The server before the first session came, and when all had left.
    meanwhile : list of ProcessResources
        What it held a tenth of the time after the other.
    log : list of str
        Lines of the server's log that speak of an error.
    """

    sessions: int
    seconds: list[float] = field(default_factory=list)
    uploads: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    crossed: int = 0
    before: ProcessResources | None = None
    after: ProcessResources | None = None
    meanwhile: list[ProcessResources] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """The seconds within which that share of the actions ended."""
        ordered = sorted(self.seconds)
        return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else math.nan


# ---------------------------------------------------------------------- the server


class Server:
    """A server of the app in a process of its own, with a temporary folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir(exist_ok=True)
        self.port, self._temporary = port, folder / "tmp"
        self._temporary.mkdir()
        self._log = folder / "log"
        command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
        command += ["--server.headless", "true", "--server.address", "127.0.0.1"]
        command += ["--server.enableXsrfProtection", "false"]  # uploads come without a browser
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
            sum(1 for _ in self._temporary.rglob("*")),
            sum(map(int, ticks[11:15])) / os.sysconf("SC_CLK_TCK"),
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


class Replicas:
    """Several servers that share the visitors, each of whom stays with one."""

    def __init__(self, folder: Path, count: int) -> None:
        self.servers = [Server(folder / str(number), _free_port()) for number in range(count)]

    def wait(self) -> None:
        """Until all are healthy."""
        for server in self.servers:
            server.wait()

    def port(self, number: int) -> int:
        """Where the session of that number goes."""
        return self.servers[number % len(self.servers)].port

    def resources(self) -> ProcessResources:
        """What all of them hold."""
        each = [asdict(server.resources()) for server in self.servers]
        return ProcessResources(**{name: sum(one[name] for one in each) for name in each[0]})

    def complaints(self) -> list[str]:
        """Lines of their logs that speak of errors."""
        return [line for server in self.servers for line in server.complaints()]

    def stop(self) -> None:
        """End them."""
        for server in self.servers:
            server.stop()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


# ---------------------------------------------------------------------- sessions


class Session:
    """One visitor: a websocket, and ages that nobody else asks for."""

    def __init__(
        self, number: int, port: int, seed: int, pages: tuple[str, ...], uploads: float = UPLOADS
    ) -> None:
        self._random = random.Random(f"{seed}/{number}")
        self._address = f"127.0.0.1:{port}"
        self._pages, self._uploads = pages, uploads
        self.number = number
        self._session = ""
        self._bound: set[str] = set()  # widgets whose values the address holds
        self._uploader = ""
        self._again: tuple[str, float] | None = None  # a fragment that wants to run again, and when
        self.ages = (20 + number % 25, 50 + number // 25)
        self._back = import_module("streamlit.proto.BackMsg_pb2").BackMsg
        self._forward = import_module("streamlit.proto.ForwardMsg_pb2").ForwardMsg

    def address(self) -> tuple[str, str]:
        """A random page with its query."""
        population = self._random.choice(tuple(FACTS))
        parameters = [
            ("population", populations.title(population)),
            *(("age", str(end)) for end in self.ages),
        ]
        if self._random.random() < 0.7:
            parameters.append(self._random.choice(FACTS[population]))
        parameters.append(("seed", str(self._random.randrange(1, 1000))))
        return self._random.choice(self._pages), urlencode(parameters)

    async def act(self, result: Result, until: float, pause: float, others: set[Any]) -> None:
        """Go from page to page until the time is over."""
        connect = import_module("websockets.asyncio.client").connect
        await asyncio.sleep(self._random.uniform(0, pause))
        async with connect(
            f"ws://{self._address}/_stcore/stream",
            subprotocols=["streamlit"],
            max_size=None,
            ping_interval=None,
        ) as line:
            while time.monotonic() < until:
                brings = self._random.random() < self._uploads
                page, query = ("studio", "") if brings else self.address()
                begun = time.monotonic()
                try:
                    content = await asyncio.wait_for(self._visit(line, page, query), PATIENCE)
                    result.seconds.append(time.monotonic() - begun)
                    if brings:
                        begun = time.monotonic()
                        content += await asyncio.wait_for(self._bring(line), PATIENCE)
                        result.uploads.append(time.monotonic() - begun)
                except (TimeoutError, OSError) as error:
                    result.errors.append(f"{page}?{query}: {error!r}")
                    return
                result.crossed += self.is_crossed(content, others)
                if b"Traceback" in content or b"has encountered an error" in content:
                    result.errors.append(f"{page}?{query}: an error on the page")
                await asyncio.sleep(self._random.expovariate(1 / pause))

    def is_crossed(self, content: bytes, others: set[Any]) -> bool:
        """Whether an answer holds what other sessions asked for or brought."""
        seen = {(int(a), int(b)) for a, b in _AGED.findall(content)}
        tables = {int(number) for number in _TABLE.findall(content)}
        return bool(seen & others or tables - {self.number})

    def table(self) -> bytes:
        """A table of its own."""
        rows = [
            f"{self._random.randrange(18, 90)},{self._random.choice('fm')},{self._random.random()}"
            for _ in range(300)
        ]
        return "\n".join(["age,sex,score", *rows]).encode()

    async def _visit(self, line: Any, page: str, query: str) -> bytes:
        """Ask for a page as the browser's back button does; all that came until it was done."""
        ask = self._back()
        ask.rerun_script.query_string = query
        ask.rerun_script.page_name = page
        ask.rerun_script.is_history_navigation = True
        for name in self._bound:  # as a browser does, or they would count as gone
            ask.rerun_script.widget_states.widgets.add(id=name)
        await line.send(ask.SerializeToString())
        return await self._answer(line)

    async def _bring(self, line: Any) -> bytes:
        """Choose a file in the Studio; all that came until it was read."""
        name, content = f"people-of-{self.number}.csv", self.table()
        ask = self._back()
        ask.file_urls_request.request_id = "upload"
        ask.file_urls_request.file_names.append(name)
        ask.file_urls_request.session_id = self._session
        await line.send(ask.SerializeToString())
        while True:
            message = self._forward.FromString(await line.recv())
            if message.WhichOneof("type") == "file_urls_response":
                place = message.file_urls_response.file_urls[0]
                break
        await asyncio.to_thread(self._put, place.upload_url, name, content)
        ask = self._back()
        ask.rerun_script.page_name = "studio"
        for bound in self._bound:
            ask.rerun_script.widget_states.widgets.add(id=bound)
        chosen = ask.rerun_script.widget_states.widgets.add(id=self._uploader)
        info = chosen.file_uploader_state_value.uploaded_file_info.add(
            name=name, size=len(content), file_id=place.file_id
        )
        info.file_urls.CopyFrom(place)
        await line.send(ask.SerializeToString())
        parts = [await self._answer(line)]
        while self._again is not None:
            fragment, seconds = self._again
            await asyncio.sleep(seconds)
            ask = self._back()
            ask.rerun_script.page_name = "studio"
            ask.rerun_script.fragment_id = fragment
            ask.rerun_script.is_auto_rerun = True
            await line.send(ask.SerializeToString())
            parts.append(await self._answer(line))
        return b"".join(parts)

    def _put(self, path: str, name: str, content: bytes) -> None:
        """Send a file as a form does."""
        edge = "bench"
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\n\r\n'
        )
        request = Request(
            f"http://{self._address}{path}",
            head.encode() + content + f"\r\n--{edge}--\r\n".encode(),
            {"Content-Type": f"multipart/form-data; boundary={edge}"},
            method="PUT",
        )
        with urlopen(request, timeout=PATIENCE):
            pass

    async def _answer(self, line: Any) -> bytes:
        """All that comes until a run has ended."""
        whole = (
            self._forward.FINISHED_SUCCESSFULLY,
            self._forward.FINISHED_WITH_COMPILE_ERROR,
        )
        ends = (*whole, self._forward.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
        parts: list[bytes] = []
        bound: set[str] = set()
        again = None
        while True:
            content = await line.recv()
            parts.append(content)
            message = self._forward.FromString(content)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._session = message.new_session.initialize.session_id
                bound, again = set(), None
            elif kind == "delta":
                self._note_widget(message.delta, bound)
            elif kind == "auto_rerun":
                again = (message.auto_rerun.fragment_id, message.auto_rerun.interval)
            elif kind == "script_finished" and message.script_finished in ends:
                if message.script_finished in whole:
                    self._bound, self._again = bound, again
                return b"".join(parts)

    def _note_widget(self, delta: Any, bound: set[str]) -> None:
        """Keep the names of widgets that the address speaks of, and of the Studio's first."""
        kind = delta.new_element.WhichOneof("type")
        if kind is None:
            return
        element: Any = getattr(delta.new_element, kind)
        if getattr(element, "query_param_key", ""):
            bound.add(element.id)
        elif kind == "file_uploader" and ".csv" in element.type and not element.multiple_files:
            self._uploader = element.id


async def visit(
    server: Replicas,
    count: int,
    seconds: float,
    pause: float,
    seed: int,
    pages: tuple[str, ...],
    *,
    uploads: float = UPLOADS,
    held: float = HELD,
) -> Result:
    """Let sessions act, and look at the servers before, meanwhile and after."""
    result = Result(count, before=server.resources())
    until = time.monotonic() + seconds
    sessions = [
        Session(number, server.port(number), seed, pages, uploads) for number in range(count)
    ]
    ages = {session.ages for session in sessions}

    async def watch() -> None:
        while True:
            await asyncio.sleep(seconds / 10)
            result.meanwhile.append(server.resources())

    watching = asyncio.create_task(watch())
    await asyncio.gather(
        *(session.act(result, until, pause, ages - {session.ages}) for session in sessions)
    )
    watching.cancel()
    await asyncio.sleep(held)
    result.after = server.resources()
    result.log = server.complaints()
    return result


def report(result: Result) -> str:
    """A result in a few lines."""
    before, after = result.before, result.after
    assert before is not None and after is not None
    used = after.processor - before.processor
    held = [before, *result.meanwhile, after]
    actions = len(result.seconds) + len(result.uploads)
    lines = [
        f"{result.sessions} sessions, {len(result.seconds)} actions: "
        + ", ".join(f"p{100 * q:.0f} {result.quantile(q):.2f} s" for q in (0.5, 0.95, 0.99))
        + f"; {used / max(actions, 1):.2f} s of processor an action",
        *_course("memory", [round(each.megabytes) for each in held], " MB"),
        *_course("threads", [each.threads for each in held]),
        *_course("descriptors", [each.descriptors for each in held]),
        *_course("temporary files", [each.temporary for each in held]),
        f"  {len(result.errors)} errors, {result.crossed} answers with what another session asked "
        f"for or brought, {len(result.log)} lines of errors in the log",
    ]
    if result.uploads:
        slowest = max(result.uploads)
        lines.insert(1, f"  {len(result.uploads)} uploads read, the slowest in {slowest:.1f} s")
    return "\n".join([*lines, *(f"  ! {text}" for text in (*result.errors, *result.log)[:5])])


def _course(name: str, values: list[int], unit: str = "") -> list[str]:
    """A line that says what something was before, tenth by tenth, and after."""
    return [f"  {name} {' → '.join(map(str, values))}{unit}"]


def main(
    sessions: Annotated[str, typer.Option(help="How many, between commas.")] = "1,10,50",
    minutes: Annotated[float, typer.Option(help="How long each.")] = 10.0,
    pause: Annotated[float, typer.Option(help="Mean seconds between a session's actions.")] = 10.0,
    pages: Annotated[str, typer.Option(help="Pages, between commas.")] = ",".join(PAGES),
    uploads: Annotated[float, typer.Option(help="Share of actions that upload.")] = UPLOADS,
    held: Annotated[float, typer.Option(help="Seconds until the look at the end.")] = HELD,
    seed: Annotated[int, typer.Option(help="Another seed, other actions.")] = 0,
    processes: Annotated[int, typer.Option(help="So many servers share the sessions.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Load a server of the app with sessions."""
    chosen = tuple(pages.split(","))
    with tempfile.TemporaryDirectory(prefix="populace-load-") as folder:
        server = Replicas(Path(folder), processes)
        try:
            server.wait()
            # The first visitors' pages are read and compiled, which is not what is measured.
            asyncio.run(visit(server, processes, WARM, 0.1, seed + 1, chosen, held=0))
            for count in map(int, sessions.split(",")):
                seconds = 60 * minutes
                result = asyncio.run(
                    visit(server, count, seconds, pause, seed, chosen, uploads=uploads, held=held)
                )
                text = json.dumps(asdict(result)) if as_json else report(result)
                print(text, flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    typer.run(main)
