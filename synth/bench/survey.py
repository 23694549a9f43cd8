"""Votes in, votes out: simulated voters over HTTP while the servers are killed and started again.

``python -m synth.bench.survey FOLDER --voters 200 --kills 6`` starts two servers on one SQLite
file (or on the database of ``--database``), lets every voter answer on ten profiles, kills a server
in between (SIGKILL, so that nothing is tidied up) and starts it again. A voter whose answer was not
confirmed sends it again, to the other server too, as a telephone with a bad connection would. At
the end the database is read.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from synth.errors import PopulaceError
from synth.survey import Item, Person, Store, Survey
from synth.survey.survey import new_code, new_token, participant

PROFILES, SERVERS = 10, 2
_SECONDS, _AT_ONCE = 170.0, 16  # until the voters give up; voters at once


@dataclass(frozen=True)
class Outcome:
    """What was sent, and what is there.

    Attributes
    ----------
    sent, confirmed, kept : int
        Votes that voters meant to give, that a server confirmed, and that the database holds.
    wrong : int
        Votes that are missing, doubled or differ from what their voter sent.
    again : int
        Requests that failed and were sent again.
    kills : int
        Servers that were killed while voters were answering.
    seconds : float
        From the first vote to the last.
    """

    sent: int
    confirmed: int
    kept: int
    wrong: int
    again: int
    kills: int
    seconds: float


@dataclass
class _Servers:
    """Two servers on one database; each can be killed and started again."""

    url: str
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def start(self, place: int) -> None:
        command = [sys.executable, "-m", "synth.bench.survey", "--serve", self.url]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise PopulaceError("A server of the benchmark did not start: look at its error above.")
        for values, value in ((self.processes, process), (self.addresses, port)):
            values[place : place + 1] = [value]  # type: ignore[list-item]

    def kill(self, place: int) -> None:
        self.processes[place].kill()
        self.processes[place].wait()


def run(url: str, voters: int, kills: int, seed: int = 1) -> Outcome:
    """Let voters vote while servers are killed, and count.

    Parameters
    ----------
    url : str
        The database, of SQLAlchemy; the survey stays in it.
    voters : int
        How many; each answers on ten profiles.
    kills : int
        How often a server is killed and started again, spread over the voting.
    seed : int
        Of the answers.

    Returns
    -------
    Outcome
    """
    store, code = Store(url), new_code()
    people = tuple(Person(n, "female", 30, "White") for n in range(PROFILES))
    survey = Survey(code, "Everybody", "none", "", seed, "Yes.", ("all", "face"), people)
    shown = {Item(n, part): "" for n in range(PROFILES) for part in survey.parts}
    store.add(survey, shown, new_token())
    answers = random.Random(seed)
    wanted = {
        (f"voter-number-{voter:08}", n): answers.random() < 0.7
        for voter in range(voters)
        for n in range(PROFILES)
    }
    servers = _Servers(url)
    try:
        for place in range(SERVERS):
            servers.start(place)
        began = time.monotonic()
        confirmed, again, killed = _vote_all(servers, code, wanted, kills)
        seconds = time.monotonic() - began
    finally:
        for process in servers.processes:
            process.kill()
            process.wait()
    kept = store.votes(code)
    counted = Counter((vote.participant, vote.item.number, vote.believed) for vote in kept)
    due = Counter((participant(code, t), n, believed) for (t, n), believed in wanted.items())
    wrong = sum(((counted - due) + (due - counted)).values())
    store.close()
    return Outcome(len(wanted), confirmed, len(kept), wrong, again, killed, seconds)


def _vote_all(
    servers: _Servers, code: str, wanted: dict[tuple[str, int], bool], kills: int
) -> tuple[int, int, int]:
    """(votes confirmed, requests sent again, servers killed)."""
    done, again, lock = [0], [0], threading.Lock()
    tokens = list(dict.fromkeys(token for token, _ in wanted))
    until = time.monotonic() + _SECONDS

    def vote(voter: int) -> None:
        for number in range(PROFILES):
            token, tries = tokens[voter], 0
            answer = wanted[token, number]
            body = {"code": code, "token": token, "number": number, "believed": answer}
            while not _post(servers.addresses[(voter + tries) % SERVERS], body):
                tries += 1
                if time.monotonic() > until:
                    raise PopulaceError("The voters waited in vain: the servers do not answer.")
                time.sleep(0.05)
            with lock:
                done[0] += 1
                again[0] += tries

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        running = [pool.submit(vote, voter) for voter in range(len(tokens))]
        killed = _kill_in_between(servers, kills, lambda: done[0] / len(wanted))
        for each in running:
            each.result()
    return done[0], again[0], killed


def _kill_in_between(servers: _Servers, kills: int, share: Callable[[], float]) -> int:
    killed = 0
    while killed < kills and share() < 1:
        if share() >= (killed + 1) / (kills + 1):
            servers.kill(killed % SERVERS)
            servers.start(killed % SERVERS)
            killed += 1
        time.sleep(0.002)
    return killed


def _post(port: str, body: dict[str, object]) -> bool:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=40) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def serve(url: str) -> None:
    """Take votes over HTTP on a port that is printed; a vote is confirmed once it is on disk."""
    store = Store(url)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            store.vote(body["code"], body["token"], body["number"], body["believed"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--voters", type=int, default=200)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--database", metavar="URL", help="Instead of SQLite in the folder.")
    parser.add_argument("--serve", metavar="URL", help="Take votes for this database.")
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = (arguments.folder or Path(temporary)).absolute()
        url = arguments.database or f"sqlite:///{folder / 'surveys.sqlite'}"
        result = run(url, arguments.voters, arguments.kills)
    print(
        f"{result.sent} votes in, {result.kept} votes out, {result.confirmed} confirmed, "
        f"{result.wrong} missing, doubled or wrong; {result.again} sent again, "
        f"{result.kills} kill{'s' * (result.kills != 1)}, {result.seconds:.1f} s."
    )
    if result.wrong or result.confirmed != result.sent:
        sys.exit(1)


if __name__ == "__main__":
    main()
