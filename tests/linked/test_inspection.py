"""What is said of tables that belong together before they are learned."""

import json
from dataclasses import asdict

import pandas as pd
import pytest

from synth.errors import PopulaceError
from synth.linked import tasks
from synth.linked.inspection import LinkedInspection, inspect_linked
from synth.linked.keys import Key

HOMES = pd.DataFrame({"id": [*range(1, 60), 59], "kind": ["flat", "house"] * 30})
MEMBERS = pd.DataFrame({"home_id": [1, 1, 2, 3, 99], "age": [4, 40, 50, 60, 70]})


def test_orphans_childless_parents_and_repeated_keys_are_counted():
    inspection, tables = inspect_linked({"members": MEMBERS, "homes": HOMES})
    homes, members = inspection.tables
    assert (homes.name, homes.key, homes.repeated) == ("homes", None, 1)
    assert (members.orphans, members.childless, members.most) == (1, 56, 2.0)
    assert str(members.key) == "id=home_id" and tables is not None
    assert LinkedInspection.from_json(json.loads(json.dumps(inspection.to_json()))) == inspection


def test_tables_that_cannot_be_joined_say_why_and_stay_as_they_came():
    other = pd.DataFrame({"colour": ["r", "g"]})
    inspection, tables = inspect_linked({"homes": HOMES, "other": other})
    assert tables is None and "exactly one" in inspection.problem
    assert [table.name for table in inspection.tables] == ["homes", "other"]
    wrong = {"members": Key("members", "homes", "age", "kind")}
    inspection, tables = inspect_linked({"homes": HOMES, "members": MEMBERS}, wrong)
    assert tables is None and "No row of members has a parent" in inspection.problem


def test_the_child_reads_files_by_the_names_they_had_and_follows_chosen_keys(tmp_path):
    files = {}
    for name, frame in (("homes.csv", HOMES), ("members.csv", MEMBERS)):
        files[name] = str(tmp_path / f"upload-{name}")
        frame.to_csv(files[name], index=False)
    chosen = {"members": asdict(Key("members", "homes", "home_id", "id"))}
    task = {"files": files, "keys": chosen}
    tasks._WORK["link"](tmp_path, task, lambda share, words: None)
    read = LinkedInspection.from_json(json.loads((tmp_path / tasks.LINKS).read_text()))
    assert [table.name for table in read.tables] == ["homes", "members"] and not read.problem
    with pytest.raises(PopulaceError, match="called homes"):
        tasks.table_names({"homes.csv": "", "homes.parquet": ""})
