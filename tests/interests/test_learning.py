"""Planted interests are found, edge cases say what is wrong, files come back as they went."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from synth.errors import PopulaceError
from synth.interests import Counts, Interests, coherence_by_topics, interests_of, learn, of_texts
from synth.interests.quality import agreement


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("weighting", ["rarity", "log", "amount"])
def test_planted_interests_are_found(seed, weighting, planted):
    counts, first, _ = planted(seed=seed, noise=0.1)
    learned = learn(counts, 4, seed=seed, weighting=weighting)
    top = learned.tops(1)["top1"].cat.codes.to_numpy()
    assert agreement(first, top).accuracy > 0.97
    for name in learned.interests.names:
        foremost = {word.split("-")[0] for word in learned.interests.keywords[name][:5]}
        assert len(foremost) == 1, learned.interests.keywords
    # New people of the same kind are read as well.
    fresh, again, _ = planted(people=200, seed=seed, noise=0.1)
    shares = learned.interests.transform(fresh)
    assert agreement(again, shares.argmax(axis=1)).accuracy > 0.95


def test_names_keywords_and_tops(planted):
    counts, _, _ = planted()
    learned = learn(counts, 4)
    model = learned.interests
    assert len(set(model.names)) == 4
    assert all(5 <= len(model.keywords[name]) <= 10 for name in model.names)
    tops = learned.tops()
    assert list(tops.columns) == ["top1", "top2", "top3"] and tops.index.equals(counts.people)
    assert set(tops["top1"].cat.categories) == set(model.names)
    both = tops.dropna(subset="top2")
    assert (both["top1"].astype(str) != both["top2"].astype(str)).all()
    # A second interest is there only behind a first, a third behind a second.
    assert not (tops["top1"].isna() & tops["top2"].notna()).any()
    assert not (tops["top2"].isna() & tops["top3"].notna()).any()
    labels = {item: item.upper() for item in counts.items}
    assert learn(counts, 4, labels=labels).interests.names[0].isupper()


def test_two_interests_with_the_same_foremost_items_have_two_names():
    from synth.interests.model import describe

    phi = np.array([[0.9, 0.8, 0.9], [0.1, 0.2, 0.1]])
    names, keywords = describe(phi, ["tea", "cake"])
    assert len(set(names)) == 3 and set(keywords) == set(names)


def test_people_without_items_have_no_interests(planted):
    counts, _, _ = planted(people=50)
    matrix = counts.matrix.tolil()
    matrix[7] = 0
    learned = learn(Counts(counts.people, counts.items, csr_array(matrix)), 3)
    assert learned.tops().loc[7].isna().all() and (learned.shares[7] == 0).all()
    strangers = Counts(pd.Index(["a"]), ("unknown item",), csr_array([[3.0]]))
    assert (learned.interests.transform(strangers) == 0).all()
    nobody = Counts(pd.Index([]), ("unknown item",), csr_array((0, 1)))
    assert learned.interests.transform(nobody).shape == (0, 3)


def test_an_item_that_nobody_has_is_left_out():
    table = pd.DataFrame({"tea": [1, 2, 0], "run": [0, 1, 3], "never": [0, 0, 0]})
    assert interests_of(table, None, topics=2).interests.items == ("tea", "run")


def test_everybody_may_have_everything():
    table = pd.DataFrame(np.ones((6, 3)), columns=["a", "b", "c"])
    learned = interests_of(table, None, topics=2)
    assert np.isfinite(learned.shares).all() and np.isfinite(learned.interests.phi).all()
    assert interests_of(table[["a"]], None, topics=1).tops(1)["top1"].notna().all()


def test_joined_to_the_table_of_people():
    rows = pd.DataFrame(
        {"who": list("aabbcc"), "what": ["tea", "cake", "run", "swim", "tea", "run"]}
    )
    learned = interests_of(rows, "who", "what", topics=2)
    people = pd.DataFrame({"name": ["c", "z", "a", "b", "a"], "age": [1, 2, 3, 4, 5]})
    joined = learned.joined(people, "name", 2)
    assert list(joined.columns) == ["name", "age", "top1", "top2"]
    assert joined["top1"].isna().tolist() == [False, True, False, False, False]
    assert joined["top1"].iloc[2] == joined["top1"].iloc[4] == learned.tops().loc["a", "top1"]
    with pytest.raises(PopulaceError, match="top1 already"):
        learned.joined(joined, "name")
    with pytest.raises(PopulaceError, match="no column id"):
        learned.joined(people, "id")


def test_texts():
    rng = np.random.default_rng(0)
    words = {
        "garden": ["roses", "tulips", "soil", "seeds"],
        "music": ["piano", "violin", "songs", "band"],
    }
    kinds = rng.choice(list(words), size=60)
    texts = pd.Series(["I love " + " ".join(rng.choice(words[k], 3)) + "." for k in kinds])
    learned = of_texts(texts, topics=2, min_people=2, max_share=0.6)
    codes = learned.tops(1)["top1"].cat.codes.to_numpy()
    assert agreement((kinds == "music").astype(int), codes).accuracy == 1


def test_the_same_seed_gives_the_same_interests(planted):
    counts, _, _ = planted(noise=0.3)
    first, two, other = (learn(counts, 4, seed=s, threads=t) for s, t in ((1, 1), (1, 2), (2, 2)))
    assert np.array_equal(first.shares, two.shares) and first.interests.names == two.interests.names
    assert not np.array_equal(first.shares, other.shares)
    with pytest.raises(ValueError, match="read-only"):
        first.interests.phi[0, 0] = 1


def test_files_come_back_as_they_went(tmp_path, planted):
    counts, _, _ = planted(people=100)
    learned = learn(counts, 3)
    learned.interests.save(tmp_path / "made")
    again = Interests.load(tmp_path / "made")
    assert again.names == learned.interests.names and again.items == counts.items
    assert again.keywords == learned.interests.keywords and again.about == learned.interests.about
    assert np.array_equal(again.transform(counts), learned.interests.transform(counts))
    assert sorted(p.name for p in (tmp_path / "made").iterdir()) == [
        "interests.json",
        "interests.npz",
    ]


@pytest.mark.parametrize(
    "fault", ["lacks", "text", "json", "form", "shape", "huge", "nan", "objects"]
)
def test_damaged_files_are_one_sentence(tmp_path, fault, planted):
    learned = learn(planted(people=60)[0], 3)
    learned.interests.save(tmp_path)
    text, arrays = tmp_path / "interests.json", tmp_path / "interests.npz"
    phi = np.array(learned.interests.phi)
    if fault == "lacks":
        arrays.unlink()
    elif fault == "text":
        text.write_bytes(b"\xff\xfe\x00")
    elif fault == "json":
        text.write_text("[1")
    elif fault == "form":
        text.write_text(json.dumps({"format": "other"}))
    elif fault == "shape":
        np.savez(arrays, phi=phi[:-1], rarity=learned.interests.rarity)
    elif fault == "huge":
        np.savez_compressed(arrays, phi=np.zeros((2000, 2000)), rarity=learned.interests.rarity)
    elif fault == "nan":
        np.savez(arrays, phi=np.full_like(phi, np.nan), rarity=learned.interests.rarity)
    elif fault == "objects":
        np.savez(arrays, phi=np.array([print], dtype=object), rarity=learned.interests.rarity)
    with pytest.raises(PopulaceError) as caught:
        Interests.load(tmp_path)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda c: learn(c, 33), "33 interests cannot be told apart with 32 items"),
        (lambda c: learn(c, 0), "ask for 1 to 32"),
        (lambda c: learn(Counts(c.people, c.items, csr_array(c.matrix.shape)), 2), "Nobody has"),
        (lambda c: interests_of(pd.DataFrame({"a": [1]}), None, "a"), "who the person is"),
        (lambda c: interests_of(pd.DataFrame({"a": [1]}), None, None, "a"), "long table"),
        (lambda c: of_texts(pd.Series(["", None]), topics=2), "Nobody has"),
    ],
)
def test_faults_are_one_sentence(make, words, planted):
    with pytest.raises(PopulaceError, match=words) as caught:
        make(planted(people=20)[0])
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_coherence_speaks_against_too_few(planted):
    counts, _, _ = planted(people=400, topics=5, items=6)
    result = coherence_by_topics(counts, (2, 5, 10))
    assert result["topics"].tolist() == [2, 5, 10]
    assert result["npmi"][1] > result["npmi"][0]
    assert result["perplexity"].is_monotonic_decreasing
