import json

import pytest

from synth.data import model_folders
from synth.data.model_folders import ModelFolders
from synth.errors import PopulaceError


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(model_folders, "MODELS", tmp_path)
    return ModelFolders("trips", "trip.json", "trips", " Another will do.")


def _write(folders, folder):
    folder.mkdir(parents=True)
    folders.write_manifest(folder, {"title": "é"}, "# Card\n")


def test_a_model_is_known_by_its_name_and_by_its_folder(folders, tmp_path):
    _write(folders, folders.place / "b")
    _write(folders, folders.place / "a")
    _write(folders, tmp_path / "mine")
    (folders.place / "empty").mkdir()
    assert folders.names() == ("a", "b")
    assert folders.find("a") == folders.place / "a"
    assert folders.find(tmp_path / "mine") == tmp_path / "mine"
    assert folders.is_model("b") and folders.is_model(tmp_path / "mine")
    assert not folders.is_model("empty") and not folders.is_model(tmp_path)
    manifest = (tmp_path / "mine" / "trip.json").read_text("utf-8")
    assert json.loads(manifest) == {"title": "é"} and "é" in manifest
    assert (tmp_path / "mine" / "card.md").read_text("utf-8") == "# Card\n"


def test_what_is_not_there_is_a_sentence(folders):
    _write(folders, folders.place / "walks")
    with pytest.raises(PopulaceError, match=r"There are no trips walk.*walks.*Another will do\.$"):
        folders.find("walk")
    with pytest.raises(PopulaceError, match="no recipe for the trips walks: see models/trips"):
        folders.recipe("walks")


def test_recipes_are_read(folders):
    _write(folders, folders.place / "walks")
    (folders.place / "walks" / "recipe.toml").write_text('source = "w.csv"\n')
    assert folders.recipes() == ("walks",)
    assert folders.recipe("walks") == {"source": "w.csv"}
