"""Several tables in the Studio: joined, shown, learned, used on the Families page, taken home."""

import io
import zipfile
from html import unescape

import pandas as pd
import pytest

from pages.studio import linked_state
from synth.linked import tasks
from synth.linked.archive import pack_linked
from synth.linked.population import LinkedPopulation
from tests.linked.conftest import homes_and_members
from tests.pages.conftest import Here


@pytest.fixture(autouse=True)
def _here(monkeypatch):
    """Jobs without their child processes, whose start costs more than such small work."""

    def start(kind, folder, files, settings):
        work = {"files": {name: str(path) for name, path in files.items()}, **settings}
        return Here(kind, folder, "", work, work=tasks._WORK)

    monkeypatch.setattr(linked_state, "start", start)


@pytest.fixture(scope="module")
def uploads():
    """Homes and members in the wrong order: an orphan, a childless home, a home that repeats."""
    homes, members = homes_and_members(120)
    homes = pd.concat([homes, homes.iloc[[0]]], ignore_index=True)
    members = members.rename(columns={"home": "home_id"})
    members = members[members["home_id"] != 5]
    members.loc[members.index[0], "home_id"] = 9999
    homes = homes.rename(columns={"home": "id"})
    return [
        ("members.csv", members.to_csv(index=False).encode(), "text/csv"),
        ("homes.csv", homes.to_csv(index=False).encode(), "text/csv"),
    ]


def bodies(app):
    return unescape(" ".join(part.proto.body for part in app.get("html")))


def button(app, label):
    return next(each for each in app.button if each.label == label)


def settled(app):
    while app.session_state["studio with several tables"].job is not None:
        app.run()
    assert not app.exception
    return app


def test_tables_are_joined_learned_used_and_saved(visit, uploads):
    app = visit("studio")
    app.file_uploader[1].set_value(uploads).run()
    settled(app)
    text = bodies(app)
    assert 'aria-label="homes belongs to none; members belongs to homes by id=home_id"' in text
    notes = " ".join(each.value for each in app.caption)
    assert "1 row of members names a home" in notes
    assert "1 of 120 rows of homes has none in members" in notes
    assert "1 row of homes repeats the id" in notes

    # Joined by hand to no other table: one sentence, and back.
    chosen = next(each for each in app.selectbox if each.label == "members belongs to")
    chosen.set_value("no other table").run()
    button(app, "Join them so").click().run()
    settled(app)
    assert any("exactly one" in each.value for each in (*app.warning, *app.error))
    chosen = next(each for each in app.selectbox if each.label == "members belongs to")
    chosen.set_value("homes").run()
    next(e for e in app.selectbox if e.label == "by its column").set_value("home_id").run()
    next(e for e in app.selectbox if e.label == "which homes calls").set_value("id").run()
    button(app, "Join them so").click().run()
    settled(app)

    button(app, "Learn").click().run()
    settled(app)
    (families,) = app.session_state["own families"].values()
    assert isinstance(families, LinkedPopulation) and families.families == 120
    assert "on the Families page now" in " ".join(each.value for each in app.info)

    # The other page has them first, with facts about any column and the tables to take home.
    app.switch_page(str(app._script_path).replace("app.py", "pages/families/page.py")).run()
    assert not app.exception
    text = bodies(app)
    assert "Learned from <b>120</b> real families" in text
    assert text.count('<span class="pp-badge">synthetic') == 6
    home = families.model.given()
    drawn = linked_zip(families, home)
    assert set(drawn) == {"homes.csv", "members.csv"}
    assert drawn["members.csv"]["home_id"].isin(drawn["homes.csv"]["id"]).all()
    assert len(drawn["homes.csv"]) == 50

    # Saved, forgotten, opened again.
    saved = pack_linked(families)
    app = visit("studio")
    assert not app.session_state["own families"]
    app.file_uploader[-1].set_value(("mine.families", saved, "")).run()
    settled(app)
    (again,) = app.session_state["own families"].values()
    assert again.model.digest == families.model.digest
    assert "Forget" in [each.label for each in app.button]


def linked_zip(population, given):
    from synth.linked.writing import zip_linked

    with zipfile.ZipFile(io.BytesIO(zip_linked(population, given, 50))) as archive:
        return {n: pd.read_csv(archive.open(n), comment="#") for n in archive.namelist()}
