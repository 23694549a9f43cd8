"""The button that fetches pictures from Openverse, with a child that only pretends to fetch."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from synth.errors import PopulaceError
from synth.jobs.process import ProcessJob
from synth.people.pictures import more
from synth.people.pictures.library import Library, Picture, load_library

FAKE = """
import shutil, sys
from pathlib import Path
from synth.jobs.process import run_child
def work(folder, task, progress):
    progress(0.5, "Fetching: 1 of at most 24 pictures, 0.1 MB")
    if task["error"]:
        from synth.errors import PopulaceError
        raise PopulaceError(task["error"])
    shutil.copytree(task["library"], Path(folder) / "library")
sys.exit(run_child(Path(sys.argv[1]), work, too_large=""))
"""


def _dialog():
    from pages.cards import picture_choice, selection
    from pages.shared import sidebar
    from pages.shared.choice import current

    sidebar.show()
    picture_choice.explain(selection.shown(current())[0])


@pytest.fixture
def fetches(tmp_path, monkeypatch):
    """What the fake child brings: one picture that fits everything that it was sought for."""
    requests = []

    def bring(interests, error=""):
        shipped = load_library()
        folder = tmp_path / "fetched"
        (folder / "images").mkdir(parents=True, exist_ok=True)
        pictures, vectors = [], []
        for interest in interests:
            Image.new("RGB", (60, 40), "teal").save(folder / f"images/{interest}.webp")
            pictures.append(
                Picture(
                    f"new-{interest}", f"images/{interest}.webp", f"fetched for {interest}",
                    size=(60, 40), author="Ann", licence="CC0-1.0", sought=interest,
                )
            )  # fmt: skip
            vectors.append(np.mean([shipped.words[w] for w in asked_words[interest]], axis=0))
        Library(
            folder, tuple(pictures), shipped.scorer_name, shipped.scale, np.array(vectors),
            {}, shipped.placeholder,
        ).save(folder)  # fmt: skip
        return {"library": str(folder), "error": error}

    asked_words = {}

    def start(folder, keywords):
        requests.append(keywords)
        asked_words.update(keywords)
        task = bring(keywords, start.error)
        command = [sys.executable, "-c", FAKE]
        return ProcessJob(
            command, Path(folder), task, limits=more._LIMITS, messages=more._MESSAGES, most=1
        )

    start.error = ""
    monkeypatch.setattr(more, "start", start)
    start.asked = requests
    return start


@pytest.fixture
def dialog():
    app = AppTest.from_function(_dialog, default_timeout=120).run()
    assert not app.exception
    return app


def _until_over(app):
    app.button("openverse-fetch").click().run()
    now = app.session_state["more pictures"]
    if now.job is not None:
        now.job.wait(60)
    app.run()
    assert not app.exception
    return now


def test_what_was_fetched_stands_beside_the_shipped_pictures(fetches, dialog):
    now = _until_over(dialog)
    assert now.job is None and not now.problem and len(now.batches) == 1
    assert set(fetches.asked[0]) and all(fetches.asked[0].values())
    page = "".join(block.proto.body for block in dialog.get("html"))
    assert "fetched for" in page  # the person's own pictures, or the next best
    assert [c for c in dialog.caption if "from Openverse were fetched" in c.value]


def test_a_fetch_that_fails_says_why_and_can_be_repeated(fetches, dialog):
    fetches.error = "Openverse answered in a form that Populace does not know: try again later."
    now = _until_over(dialog)
    assert not now.batches and now.job is None
    assert fetches.error in [warning.value for warning in dialog.warning]
    assert dialog.button("openverse-fetch")


def test_offline_it_is_refused_in_a_sentence(dialog, monkeypatch):
    monkeypatch.setattr(more, "reachable", lambda: False)
    now = _until_over(dialog)
    assert now.job is None and not now.batches
    assert [w for w in dialog.warning if "Openverse cannot be reached" in w.value]


def test_what_must_be_there_before_fetching(tmp_path, monkeypatch):
    with pytest.raises(PopulaceError, match="no word"):
        more.start(tmp_path / "job", {"pets": ()})
    monkeypatch.setattr(more, "reachable", lambda: False)
    with pytest.raises(PopulaceError, match="cannot be reached"):
        more.start(tmp_path / "job", {"pets": ("dog",)})
    assert not (tmp_path / "job").exists()


def test_libraries_of_two_scorers_do_not_mix():
    shipped = load_library()
    other = Library(Path(), (), "another", 1.0, shipped.images[:0], {}, shipped.placeholder)
    with pytest.raises(PopulaceError, match="one model"):
        shipped.beside(other)
