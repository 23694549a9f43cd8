"""Whole profiles and taking them home."""

import io
import json
import re
import socket
import time
import zipfile
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from scipy.stats import chi2_contingency
from typer.testing import CliRunner

from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.people.cards import export
from synth.people.facts import ages_of
from synth.people.names import draw_identities
from synth.people.portraits import bank
from synth.people.profile import NOTICE, PAGE, complete, json_schema, make_profiles
from synth.populations import available, load
from synth.shipped_populations import questions

if not available():
    pytest.skip("no population is shipped yet", allow_module_level=True)


@pytest.fixture(scope="module")
def population():
    return load(available()[0])


@pytest.fixture(scope="module")
def profiles(population):
    return make_profiles(population, None, 12, seed=5)


def test_same_seed_same_profiles(population, profiles):
    again = make_profiles(population, None, 12, seed=5)
    assert [p.to_json() for p in again] == [p.to_json() for p in profiles]
    other = make_profiles(population, None, 12, seed=6)
    assert [p.name for p in other] != [p.name for p in profiles]


def test_six_cards_come_from_the_seed_alone_offline_in_half_a_second(population, monkeypatch):
    def unplugged(*_, **__):
        raise AssertionError("a profile asked the network")

    monkeypatch.setattr(socket, "socket", unplugged)
    monkeypatch.setattr(socket, "create_connection", unplugged)
    cards, seconds = [], []
    for _ in range(3):
        start = time.process_time()
        people = make_profiles(population, None, 6, seed=77)
        html = export.page(people, title="Six")
        seconds.append(time.process_time() - start)
        cards.append((html, export.as_zip(people)))
    assert cards[0] == cards[1] == cards[2] and cards[0][0].count("<article") == 6
    assert min(seconds) < 0.5


def test_evidence_holds(population):
    schema = population.modelled
    evidence = Evidence.parse("gender=female,marital=widowed", schema)
    for profile in make_profiles(population, evidence, 5, seed=1):
        assert profile.record["gender"] == "female" and profile.gender == "female"
        assert profile.record["marital"] == "widowed"


def test_other_facts_other_people_and_records_are_the_posterior_s_alone(population):
    schema = population.modelled
    shown = []
    for facts in ("gender=female", "marital=widowed", "gender=female,marital=widowed"):
        evidence = Evidence.parse(facts, schema)
        people = make_profiles(population, evidence, 6, seed=5)
        drawn = population.given(evidence).sample(6, seed=5)
        assert [p.record["marital"] for p in people] == drawn["marital"].tolist()
        shown += [p.name for p in people]
    assert len(set(shown)) >= 17, "names follow the question; a chance twin is forgiven"
    swapped = Evidence.parse("marital=widowed,gender=female", schema)
    again = make_profiles(population, swapped, 6, seed=5)
    assert [p.name for p in again] == shown[-6:], "the order of the facts does not count"


def test_shipped_questions_show_different_people():
    links = [q.link for name in available() for q in questions(name)]
    seeds = [link.rpartition("seed=")[2] for link in links]
    assert all("seed=" in link for link in links) and len(set(seeds)) == len(seeds)


def test_a_page_repeats_nothing(profiles):
    assert len(profiles) == PAGE
    assert len({p.name for p in profiles}) == len({p.identity.handle for p in profiles}) == PAGE
    shown = [c.picture.id for p in profiles for c in p.choices]
    assert len(set(shown)) == len(shown)
    faces = [p.portrait.name for p in profiles if p.portrait]
    assert len(set(faces)) == len(faces)


def test_a_person_keeps_name_and_words_alone(population, profiles):
    alone = complete([profiles[4].record], population, 5, start=4)[0]
    fourth = profiles[4]
    assert (alone.id, alone.name, alone.bio, alone.posts) == (
        fourth.id,
        fourth.name,
        fourth.bio,
        fourth.posts,
    )


def test_profiles_do_not_change(profiles):
    with pytest.raises(FrozenInstanceError):
        profiles[0].bio = ""
    with pytest.raises(TypeError):
        profiles[0].record["age"] = 3


def test_json_follows_the_published_schema(profiles):
    schema = json_schema()
    entry = schema["properties"]["profiles"]["items"]
    for profile in profiles:
        answer = json.loads(json.dumps(profile.to_json()))
        assert list(answer) == entry["required"] == list(entry["properties"])
        assert answer["synthetic"] is True and answer["notice"] == NOTICE
        assert all(
            isinstance(v, str | int | float | bool) or v is None for v in answer["record"].values()
        )
        for picture in answer["pictures"]:
            assert set(picture) == set(entry["properties"]["pictures"]["items"]["required"])


def test_why_these_pictures(population, profiles):
    profile = next(p for p in profiles if len(p.choices) == 3)
    words, matrix = profile.conjugate(population.keywords)
    assert words[-1] == "anything else" and matrix.shape == (3, len(words))
    np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-5)


def test_images_as_addresses(profiles):
    for profile in profiles[:3]:
        assert all(uri.startswith("data:image/webp;base64,") for uri in profile.picture_uris())
        assert profile.portrait_uri().startswith("data:") == (profile.portrait is not None)
        if profile.portrait is None:
            assert any("portrait" in note.lower() for note in profile.notes)


def test_records_with_gaps(population):
    bare = complete([{}, {"gender": "female", "age": None, "top1": None}], population, 0)
    assert bare[0].choices == () and bare[0].posts and bare[0].portrait is None
    assert bare[1].gender == "female"


def test_ethnicity_is_apart_from_every_column_of_20_000_people(population):
    frame = population.given().sample(20_000, seed=9)
    genders = [str(g) for g in frame["gender"]]
    groups = []
    for start in range(0, len(genders), 200):
        page = draw_identities(genders[start : start + 200], seed=9, start=start)
        groups += [identity.ethnicity for identity in page]
    groups = np.array(groups)
    p_values = {}
    for name in frame.columns:
        values = frame[name]
        if values.dtype.kind in "iuf" and values.nunique() > 8:
            values = values.rank(pct=True).mul(5).fillna(9).astype(int)
        codes = np.array([str(value) for value in values])
        table = [
            [np.sum((codes == level) & (groups == group)) for group in np.unique(groups)]
            for level in np.unique(codes)
            if np.sum(codes == level) >= 100
        ]
        p_values[name] = chi2_contingency(table).pvalue
    assert min(p_values.values()) > 0.01 / len(p_values), p_values


def test_folder_opens_offline(profiles, tmp_path):
    size = export.write_folder(profiles, tmp_path, population="p", given="Everybody", seed=5)
    assert size == sum(f.stat().st_size for f in tmp_path.rglob("*") if f.is_file())
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    sources = re.findall(r'src="([^"]+)"', page)
    assert sources and all((tmp_path / source).is_file() for source in sources)
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("<article") == page.count('class="pp-badge">synthetic') == len(profiles)
    assert page.count("<img") == page.count("alt=")
    answer = json.loads((tmp_path / "profiles.json").read_text(encoding="utf-8"))
    assert answer["notice"] == NOTICE and len(answer["profiles"]) == len(profiles)
    assert all((tmp_path / p["file"]).is_file() for q in answer["profiles"] for p in q["pictures"])
    credits_file = (tmp_path / "CREDITS.md").read_text(encoding="utf-8")
    assert all(c.picture.author in credits_file for p in profiles for c in p.choices)


def test_zip_is_the_same_each_time(profiles):
    data = export.as_zip(profiles)
    assert data == export.as_zip(profiles)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert "populace/index.html" in archive.namelist()
        assert b"Synthetic" in archive.comment


def test_hostile_words_are_escaped(population):
    record = {"gender": "female", "age": 30, "education": "<script>alert(1)</script>"}
    page = export.page(complete([record], population, 0), title="<b>x")
    assert "<script" not in page and "<b>x" not in page


def test_command_line(tmp_path):
    import typer

    from synth.cli.profiles import profiles_command

    app = typer.Typer()
    app.command()(profiles_command)
    out = tmp_path / "people"
    arguments = [available()[0], "--given", "gender=female", "--count", "3", "--out", str(out)]
    result = CliRunner().invoke(app, [*arguments, "--ethnicity", "Indian=1"])
    assert result.exit_code == 0, result.output
    answer = json.loads((out / "profiles.json").read_text(encoding="utf-8"))
    assert answer["given"] == "Women" and len(answer["profiles"]) == 3
    assert {p["ethnicity"] for p in answer["profiles"]} == {"Indian"}
    bad = CliRunner().invoke(app, [*arguments, "--ethnicity", "Indian"])
    assert isinstance(bad.exception, PopulaceError)


def test_count_below_one(population):
    with pytest.raises(PopulaceError, match="at least one"):
        make_profiles(population, None, 0)


def test_cover_is_a_wide_photograph_or_none(profiles):
    for profile in profiles:
        cover = profile.cover
        if cover is not None:
            assert cover in profile.choices and cover.picture.kind in ("photograph", "painting")
            assert profile.picture_uri(cover) in profile.picture_uris()


def test_children_stand_as_initials_and_teens_have_faces():
    health = load("us-health")
    column = {c.means: c.name for c in health.schema if c.means in ("gender", "age")}
    records = [{column["gender"]: "female", column["age"]: age} for age in (0, 9, 14, 15, 40)]
    people = complete(records, health, 1)
    assert [person.portrait is None for person in people] == [True, True, True, False, False]
    assert all("under 15" in " ".join(person.notes) for person in people[:3])


def test_faces_of_a_group_are_of_all_its_ages():
    french = load("french-hobbies")
    records = [{"gender": "female", "age_group": "21-70", "marital": "married"}] * 60
    people = [
        person
        for start in range(0, 60, 6)
        for person in complete(records[:6], french, 9, start=start)
    ]
    looks = dict(zip(bank.shipped().names, bank.shipped().looks, strict=True))
    years = np.array([looks[person.portrait.name] for person in people])
    assert years.std() > 10 and 40 < years.mean() < 51
    assert len({person.portrait.name for person in people}) > 40
    assert ages_of(records[0], french.schema) == (21, 70)
    assert ages_of({"age_group": "86+"}, french.schema) is None


def test_the_job_of_the_old_is_called_their_last():
    french = load("french-hobbies")
    record = {"gender": "male", "marital": "widowed", "profession": "employee"}
    (old,) = complete([{**record, "age_group": "76-85"}], french, 1)
    (young,) = complete([{**record, "age_group": "46-55"}], french, 1)
    assert old.line == "76–85 · man · widowed · last job: employee"
    assert young.line == "46–55 · man · widowed · employee"


def test_nobody_who_is_called_man_or_woman_has_the_face_of_a_child():
    french = load("french-hobbies")
    record = {"gender": "male", "age_group": "15-25", "marital": "single"}
    people = [p for n in range(0, 120, 6) for p in complete([record] * 6, french, 2, start=n)]
    looks = dict(zip(bank.shipped().names, bank.shipped().looks, strict=True))
    years = np.array([looks[person.portrait.name] for person in people])
    assert people[0].line.startswith("15–25 · man")
    assert np.mean(years < 17) < 0.03 and years.std() > 1.5
