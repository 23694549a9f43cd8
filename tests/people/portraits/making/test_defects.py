"""What tells styles of broken faces: learned, cut where asked, written and read."""

import numpy as np
import pytest

from synth.errors import PopulaceError
from synth.people.portraits.bank import shipped
from synth.people.portraits.defects import DefectHead
from synth.people.portraits.making.defects import learn, refused_styles


def test_what_was_planted_is_found_and_the_cut_loses_what_it_may(tmp_path):
    rng = np.random.default_rng(0)
    kept, refused = rng.normal(size=(600, 512)), rng.normal(size=(80, 512))
    refused[:, 7] += 3.5
    learned = learn(kept, refused, lose=0.1)
    assert learned.auc > 0.8
    assert learned.lost == pytest.approx(0.1, abs=0.01)
    assert learned.caught > 0.4
    assert abs(learned.head.weights).argmax() == 7
    unseen = rng.normal(size=(400, 512)).astype(np.float32)
    assert learned.head(unseen + np.eye(512)[7] * 2.5).mean() > learned.head(unseen).mean() + 0.5
    assert learned.head.refuses(unseen[0]) == (learned.head(unseen)[0] > learned.head.cut)
    learned.head.save(tmp_path / "defects.npz")
    assert np.allclose(DefectHead.load(tmp_path / "defects.npz")(unseen), learned.head(unseen))


def test_chance_is_called_chance():
    rng = np.random.default_rng(1)
    assert learn(rng.normal(size=(300, 512)), rng.normal(size=(60, 512))).auc < 0.65


def test_the_shipped_head_refuses_more_of_what_was_turned_down():
    head = DefectHead.load()
    kept = (head(shipped().styles) > head.cut).mean()
    assert kept < 0.12
    assert (head(refused_styles()) > head.cut).mean() > 3 * kept


def test_a_missing_or_damaged_file_gets_a_sentence(tmp_path):
    with pytest.raises(PopulaceError, match="train-defects"):
        DefectHead.load(tmp_path / "none.npz")
    (tmp_path / "bad.npz").write_bytes(b"no npz")
    with pytest.raises(PopulaceError, match="train-defects"):
        DefectHead.load(tmp_path / "bad.npz")
    with pytest.raises(PopulaceError, match="restore"):
        refused_styles(tmp_path / "none.npz")
