"""Tables, matrices and texts become people × items, or one sentence says why not."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import coo_matrix, csr_matrix

from synth.errors import PopulaceError
from synth.interests import Counts

LONG = pd.DataFrame(
    {
        "who": ["b", "a", "b", "b", "c"],
        "what": ["tea", "run", "tea", "chess", None],
        "minutes": [10, 5, 2, 0, 7],
    }
)


def test_long():
    counts = Counts.long(LONG, "who", "what", "minutes")
    assert list(counts.people) == ["b", "a", "c"] and counts.items == ("chess", "run", "tea")
    assert counts.matrix.toarray().tolist() == [[0, 0, 12], [0, 5, 0], [0, 0, 0]]
    assert counts.matrix.nnz == 2  # noughts are not stored
    once = Counts.long(LONG, "who", "what")
    assert once.matrix.toarray().tolist() == [[1, 0, 2], [0, 1, 0], [0, 0, 0]]


def test_wide_and_sparse_are_the_same():
    wide = pd.DataFrame({"id": ["x", "y"], "tea": [1, 0], "run": [True, False], "note": ["", "!"]})
    counts = Counts.wide(wide, "id")
    assert counts.items == ("tea", "run") and list(counts.people) == ["x", "y"]
    for kind in (coo_matrix, csr_matrix):
        other = Counts.sparse(kind(wide[["tea", "run"]].to_numpy(float)), ["x", "y"], counts.items)
        assert (other.matrix != counts.matrix).nnz == 0 and other.people.equals(counts.people)


def test_texts():
    texts = pd.Series(
        ["Tea, TEA and more tea!", "I play the piano & l’été", None, "piano; chess-board x2"],
        index=["a", "b", "c", "d"],
    )
    counts = Counts.texts(texts, min_people=1, max_share=1.0)
    results = {
        who: {counts.items[i]: int(row[i]) for i in np.flatnonzero(row)}
        for who, row in zip(counts.people, counts.matrix.toarray(), strict=True)
    }
    assert results["a"] == {"tea": 3} and results["c"] == {}
    assert results["b"] == {"play": 1, "piano": 1, "été": 1}
    assert results["d"] == {"piano": 1, "chess-board": 1}
    assert Counts.texts(texts, min_people=2, max_share=1.0).items == ("piano",)
    assert "piano" not in Counts.texts(texts, min_people=1, max_share=0.5).items
    assert Counts.texts(texts, stop_words={"piano"}, min_people=2, max_share=1.0).items == ()


def test_aligned_and_used_by():
    counts = Counts.long(LONG, "who", "what", "minutes").used_by(1)
    assert counts.items == ("run", "tea")
    other = counts.aligned(("tea", "new", "run"))
    assert other.matrix.toarray().tolist() == [[12, 0, 0], [0, 0, 5], [0, 0, 0]]
    assert counts.aligned(()).matrix.shape == (3, 0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Counts.long(LONG, "nobody", "what"), "no column nobody"),
        (lambda: Counts.long(LONG, "what", "who"), "column what has empty cells"),
        (lambda: Counts.long(LONG.assign(minutes=-1), "who", "what", "minutes"), "below 0"),
        (lambda: Counts.long(LONG.assign(minutes=np.nan), "who", "what", "minutes"), "empty"),
        (lambda: Counts.long(LONG.assign(minutes=np.inf), "who", "what", "minutes"), "above"),
        (lambda: Counts.long(LONG, "who", "what", "what"), "no number"),
        (lambda: Counts.wide(LONG[["who", "what"]], "who"), "no column of numbers"),
        (lambda: Counts.wide(LONG, "who"), "stands twice"),
        (lambda: Counts.wide(pd.DataFrame([[1, 2]], columns=["a", "a"])), "two columns a"),
        (lambda: Counts.sparse(np.eye(2)), "no scipy sparse matrix"),
        (lambda: Counts.sparse(csr_matrix([[1.0, -2.0]])), "below 0"),
        (lambda: Counts.sparse(csr_matrix([[1.0]]), ["a", "b"]), "shape"),
        (lambda: Counts.sparse(csr_matrix([[1.0, 1.0]]), None, ["a", "a"]), "same name"),
        (lambda: Counts.texts(pd.Series([3.0])), "no text"),
    ],
)
def test_faults_are_one_sentence(make, words):
    with pytest.raises(PopulaceError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
