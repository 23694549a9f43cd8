"""The portrait lab without the generator's weights and without a network."""

import json

import pytest

from synth.people.portraits import results


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine that has fetched nothing."""
    monkeypatch.setenv("SYNTH_CACHE", str(tmp_path / "cache"))


def texts(app):
    parts = [*app.caption, *app.markdown, *app.info]
    return " ".join(str(part.value) for part in parts)


def test_the_bank_answers_at_once(visit, bare):
    app = visit("portraits")
    assert len(app.get("image")) == 6
    assert "The generator is not on this machine yet" in texts(app)
    assert app.button(key="fetch")
    app.segmented_control(key="portrait-ethnicity").set_value("Black").run()
    app.slider(key="portrait-age").set_value(70).run()
    assert not app.exception and len(app.get("image")) >= 1


def test_captions_say_how_each_portrait_is_read(visit, bare):
    app = visit("portraits")
    app.number_input(key="people").set_value(2).run()
    captions = [part.proto.imgs[0].caption for part in app.get("image")]
    assert len(captions) == 2
    assert all("female" in text and "years" in text and "White" in text for text in captions)


def test_the_same_seed_shows_the_same_faces(visit, bare):
    def shown(seed):
        app = visit("portraits")
        app.number_input(key="seed").set_value(seed).run()
        return [part.proto.id.split("save-")[1] for part in app.get("download_button")]

    assert shown(3) == shown(3) != shown(4)


def test_new_faces_wait_for_the_generator(visit, bare):
    app = visit("portraits")
    app.segmented_control(key="portrait-source").set_value("new from the generator").run()
    assert not app.exception
    assert "New faces need the generator" in texts(app)
    assert len(app.get("image")) == 6


def test_without_a_network_fetching_says_so(visit, bare, monkeypatch):
    from synth import registry
    from synth.errors import PopulaceError

    def offline(name, **_):
        raise PopulaceError(f"{name} cannot be fetched without a network; connect and try again.")

    monkeypatch.setattr(registry, "fetch", offline)
    app = visit("portraits")
    app.button(key="fetch").click().run()
    assert not app.exception
    assert any("without a network" in warning.value for warning in app.warning)


def test_table_1_stands_beside_the_papers(visit, bare):
    app = visit("portraits")
    frame = app.dataframe[0].value
    assert list(frame["Class"])[:4] == ["White", "Black", "Asian", "Indian"]
    assert list(frame["Paper F1"]) == [0.89, 0.89, 0.93, 0.77, 0.87, 0.88, 0.80, 0.93, 0.93]
    assert frame["Bank F1"].between(0, 1).all()
    assert "balanced requests" in texts(app)


def test_what_the_screen_must_say(visit, bare):
    app = visit("portraits")
    page = texts(app) + " ".join(part.proto.body for part in app.get("html"))
    assert '<h1 class="pp-title">Portraits</h1>' in page  # as the navigation calls it
    for words in ("everyone here is synthetic", "not balanced", "non-commercial research"):
        assert words in page


def test_without_measurements_it_says_how_to_make_them(visit, bare, monkeypatch, tmp_path):
    monkeypatch.setattr(results.published, "__defaults__", (tmp_path / "none.json",))
    app = visit("portraits")
    assert not app.exception and "Not measured yet" in texts(app)
    (tmp_path / "none.json").write_text(json.dumps({"bank": {"rows": [{}]}}), encoding="utf-8")
    app = visit("portraits")
    assert any("evaluate --json" in warning.value for warning in app.warning)
