"""Judges of the portraits: published weights as they are written, both nets end to end."""

import json

import numpy as np
import pytest
import torch
from torch.nn import functional

from synth.bench.portraits import SIDE, FaceApi, Gear, People, _same, judged, read_weights
from synth.errors import PopulaceError

FEATURES = {
    "entry_flow/reduction_block_0": (32, 64, 2),
    "entry_flow/reduction_block_1": (64, 128, 2),
    "middle_flow/main_block_0": (128, 128, 3),
    "middle_flow/main_block_1": (128, 128, 3),
    "exit_flow/reduction_block": (128, 256, 2),
}


def written(folder, name, arrays, packed=None):
    """A manifest with its one binary file; `packed` names arrays that are written as bytes."""
    weights, content = [], b""
    for key, values in arrays.items():
        entry = {"name": key, "shape": list(values.shape), "dtype": "float32"}
        if packed and key in packed:
            entry["quantization"] = {"dtype": "uint8", "scale": 0.5, "min": -1.0}
            content += ((values + 1.0) / 0.5).astype(np.uint8).tobytes()
        else:
            content += values.astype("<f4").tobytes()
        weights.append(entry)
    (folder / "all.bin").write_bytes(content)
    (folder / name).write_text(json.dumps([{"paths": ["all.bin"], "weights": weights}]))


def face_api(folder):
    rng = np.random.default_rng(0)

    def some(*shape):
        return rng.normal(0, 0.1, shape).astype(np.float32)

    arrays = {"entry_flow/conv_in/filters": some(3, 3, 3, 32), "entry_flow/conv_in/bias": some(32)}
    for place, (inside, out, layers) in FEATURES.items():
        for layer in range(layers):
            near = inside if layer == 0 else out
            arrays[f"{place}/separable_conv{layer}/depthwise_filter"] = some(3, 3, near, 1)
            arrays[f"{place}/separable_conv{layer}/pointwise_filter"] = some(1, 1, near, out)
            arrays[f"{place}/separable_conv{layer}/bias"] = some(out)
        if "reduction" in place:
            arrays[f"{place}/expansion_conv/filters"] = some(1, 1, inside, out)
            arrays[f"{place}/expansion_conv/bias"] = some(out)
    place = "exit_flow/separable_conv"
    arrays[f"{place}/depthwise_filter"] = some(3, 3, 256, 1)
    arrays[f"{place}/pointwise_filter"] = some(1, 1, 256, 512)
    arrays[f"{place}/bias"] = some(512)
    arrays |= {"fc/age/weights": some(512, 1), "fc/age/bias": np.array([30.0], np.float32)}
    arrays |= {"fc/gender/weights": some(512, 2), "fc/gender/bias": some(2)}
    written(folder, "age_gender_model-weights_manifest.json", arrays)
    return FaceApi(folder)


def test_weights_of_bytes_are_scaled_as_the_manifest_says(tmp_path):
    values = {"a": np.array([-1.0, 0.0, 2.5], np.float32), "b": np.eye(2, dtype=np.float32)}
    written(tmp_path, "w.json", values, packed={"a"})
    read = read_weights(tmp_path / "w.json")
    assert read["a"].tolist() == [-1.0, 0.0, 2.5] and read["b"].tolist() == [[1, 0], [0, 1]]
    (tmp_path / "all.bin").write_bytes(b"123")
    with pytest.raises(PopulaceError, match="unpack the package again"):
        read_weights(tmp_path / "w.json")
    with pytest.raises(PopulaceError, match="unpack the package again"):
        read_weights(tmp_path / "none.json")


@pytest.mark.parametrize(("side", "size", "stride"), [(6, 3, 2), (7, 3, 2), (5, 3, 1), (8, 1, 2)])
def test_padding_puts_the_odd_pixel_last(side, size, stride):
    x = torch.arange(float(side * side)).view(1, 1, side, side)
    padded = _same(x, size, stride)
    assert functional.max_pool2d(padded, size, stride).shape[-1] == -(-side // stride)
    whole = max((-(-side // stride) - 1) * stride + size - side, 0)
    before = whole // 2  # TensorFlow's "same"
    assert (padded[0, 0, before : before + side, before : before + side] == x[0, 0]).all()


def test_a_judge_is_measured_on_real_people_before_portraits(tmp_path):
    judge = face_api(tmp_path)
    rng = np.random.default_rng(1)
    crops = rng.integers(0, 255, (24, SIDE, SIDE, 3)).astype(np.uint8)
    seen = judge.read(crops[:5])
    assert (seen.years == judge.read(crops[:5]).years).all() and seen.ethnicity is None
    assert np.isfinite(seen.years).all() and set(seen.female) <= {0, 1}
    years = np.tile([17, 30, 60], 8)
    people = People({0.3: crops}, years, np.arange(24) % 2, np.arange(24) % 4, 1)
    report = judged(judge, people, people)
    assert report["padding"] == 0.3 and report["photographs"] == 24 and report["no_face"] == [1, 1]
    assert report["real"] == report["bank"]
    assert [row["name"] for row in report["real"]][-2:] == ["male", "female"]


def test_gear_answers_age_gender_and_ethnicity(tmp_path):
    rng = np.random.default_rng(2)
    place, sizes = "StatefulPartitionedCall/model_1", (3, 32, 64, 96, 128, 160, 192)
    arrays = {}
    for layer in range(1, 7):
        shape = (3, 3, sizes[layer - 1], sizes[layer])
        arrays[f"{place}/conv2d_{layer}/Conv2D/ReadVariableOp"] = rng.normal(0, 0.05, shape)
        arrays[f"{place}/conv2d_{layer}/BiasAdd/ReadVariableOp"] = np.zeros(shape[-1])
        if layer > 1:
            norm = f"{place}/batch_normalization_{layer - 1}/FusedBatchNormV3"
            arrays[f"{norm}/Scaled"] = np.ones(shape[-1])
            arrays[f"{norm}/Offset"] = np.zeros(shape[-1])
    for hidden, width, answer, classes in (
        ("dense_1", 256, "age", 7),
        ("dense_3", 128, "gender", 2),
        ("dense_2", 128, "race", 5),
    ):
        for name, shape in ((hidden, (192, width)), (f"{answer}_output", (width, classes))):
            arrays[f"{place}/{name}/MatMul/ReadVariableOp"] = rng.normal(0, 0.1, shape)
            arrays[f"{place}/{name}/BiasAdd/ReadVariableOp"] = np.zeros(shape[1])
    # The fifth class, "other", is the surest of all: it is no answer.
    arrays[f"{place}/race_output/BiasAdd/ReadVariableOp"] = np.array([0, 0, 9.0, 0, 99.0])
    written(tmp_path, "gear.json", arrays)
    crops = rng.integers(0, 255, (3, SIDE, SIDE, 3)).astype(np.uint8)
    seen = Gear(tmp_path).read(crops)
    assert ((seen.years > 17) & (seen.years < 71)).all()
    assert seen.ethnicity is not None and (seen.ethnicity == 2).all()
