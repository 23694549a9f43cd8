"""Tensors come as torch reads them; what else a checkpoint holds is refused and never run."""

import collections
import io
import os
import pickle
import random
import zipfile

import numpy as np
import pytest

from synth.errors import PopulaceError
from synth.people.pictures.checkpoint import read_tensors

torch = pytest.importorskip("torch")

FORMS = pytest.mark.parametrize("archive", [True, False], ids=["archive", "stream"])


def save(value, path, archive=True):
    torch.save(value, path, _use_new_zipfile_serialization=archive)
    return path


def example():
    generator = torch.Generator().manual_seed(0)
    base = torch.randn(6, 4, generator=generator)
    return collections.OrderedDict(
        {
            "weight": base,
            "turned": base.t(),
            "part": base[1:3, ::2],
            "one": torch.tensor(3.5, dtype=torch.float64),
            "empty": torch.zeros(0, 3),
            "parameter": torch.nn.Parameter(base[:2].clone()),
            "steps": torch.arange(5),
            "half": base.half(),
            "flags": torch.tensor([True, False]),
            "bytes": torch.tensor([1, 255], dtype=torch.uint8),
            **torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)).state_dict(),
        }
    )


@FORMS
@pytest.mark.parametrize("nested", [False, True])
def test_tensors_are_those_that_torch_reads(tmp_path, archive, nested):
    value = {"state_dict": example(), "epoch": 3} if nested else example()
    path = save(value, tmp_path / "net.pt", archive)
    tensors = read_tensors(path)
    wanted = torch.load(path, weights_only=True)
    wanted = wanted["state_dict"] if nested else wanted
    assert list(tensors) == list(wanted)
    for name, tensor in wanted.items():
        assert tensors[name].dtype == tensor.detach().numpy().dtype
        np.testing.assert_array_equal(tensors[name], tensor.detach().numpy())
        assert not tensors[name].flags.writeable


@FORMS
def test_metadata_of_modules_does_not_matter(tmp_path, archive):
    net = torch.nn.Linear(2, 3)
    tensors = read_tensors(save(net.state_dict(), tmp_path / "net.pt", archive))
    np.testing.assert_array_equal(tensors["weight"], net.weight.detach().numpy())


class Bomb:
    """Unpickled, it would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


HOSTILE = {
    "command": lambda path: {"a": Bomb(path)},
    "bare command": lambda path: Bomb(path),
    "module": lambda path: torch.nn.Linear(1, 1),
    "function": lambda path: {"a": print},
    "device": lambda path: {"a": torch.device("cpu")},
    "numpy": lambda path: {"a": np.ones(3)},
    "bfloat16": lambda path: {"a": torch.ones(2, dtype=torch.bfloat16)},
    "list": lambda path: [torch.ones(2)],
    "numbers": lambda path: {"a": 3},
    "number as name": lambda path: {3: torch.ones(2)},
    "set": lambda path: {"a": {1, 2}},
    "bytes": lambda path: {"a": b"abc"},
}


@FORMS
@pytest.mark.parametrize("kind", HOSTILE)
def test_everything_else_is_refused(tmp_path, archive, kind):
    synthetic = tmp_path / "made"
    path = save(HOSTILE[kind](synthetic), tmp_path / "net.pt", archive)
    with pytest.raises(PopulaceError) as caught:
        read_tensors(path)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")
    assert not synthetic.exists()


def rewritten(path, change):
    """The archive with its members changed: name, content → content, or None to drop."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = change(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
    path.write_bytes(out.getvalue())
    return path


PROTO = b"\x80\x02"
STREAMS = {
    "system by name": PROTO + b"cos\nsystem\n(X\x04\x00\x00\x00trueltR.",
    "old text opcodes": b"cos\nsystem\n(S'true'\ntR.",
    "inst": b"(S'true'\nios\nsystem\n.",
    "obj": PROTO + b"(cos\nsystem\nX\x04\x00\x00\x00trueo.",
    "newobj": PROTO + b"ccollections\nOrderedDict\n)\x81.",
    "stack global": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
    "extension": PROTO + b"\x82\x01.",
    "getattr": PROTO + b"cbuiltins\ngetattr\n.",
    "allowed with a state": PROTO + b"ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00aK\x01sb.",
    "dictionary from a call": PROTO + b"ccollections\nOrderedDict\n(](K\x01K\x02etR.",
    "tensor of nothing": PROTO + b"ctorch._utils\n_rebuild_tensor_v2\n)R.",
    "storage as a function": PROTO + b"ctorch\nFloatStorage\n)R.",
    "a call of a dictionary": PROTO + b"})R.",
    "no mark": PROTO + b"K\x01t.",
    "nothing on the stack": PROTO + b"0.",
    "unknown memo": PROTO + b"h\x05.",
    "two values": PROTO + b"}}.",
    "no end": PROTO + b"}",
    "empty": b"",
    "a text longer than the file": PROTO + b"X\xff\xff\xff\x7fa.",
    "bytes longer than the file": PROTO + b"\x8e" + b"\xff" * 7 + b"\x7fa.",
    "itself": PROTO + b"}q\x00X\x01\x00\x00\x00ah\x00s.",
    "deep": PROTO + b"(" * 50_000 + b"t" * 50_000 + b".",
}


@pytest.mark.parametrize("name", STREAMS)
def test_hostile_streams_are_refused(tmp_path, name):
    path = save({"a": torch.ones(2)}, tmp_path / "net.pt")
    stream = STREAMS[name]
    rewritten(path, lambda member, old: stream if member.endswith("data.pkl") else old)
    with pytest.raises(PopulaceError) as caught:
        read_tensors(path)
    assert "\n" not in str(caught.value)
    legacy = b"".join(
        pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
    )
    path.write_bytes(legacy + stream)
    with pytest.raises(PopulaceError):
        read_tensors(path)


def tensor_stream(offset, shape, strides, size=4):
    """A dictionary of one tensor on storage 0, written by hand."""

    def whole(number):
        return b"\x8a\x08" + int(number).to_bytes(8, "little", signed=True)

    def text(word):
        return b"X" + len(word).to_bytes(4, "little") + word.encode()

    def several(numbers):
        return b"(" + b"".join(map(whole, numbers)) + b"t"

    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu")
    storage += whole(size) + b"tQ"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + whole(offset) + several(shape)
    tensor += several(strides) + b"\x89ccollections\nOrderedDict\n)RtR"
    return PROTO + b"}" + text("a") + tensor + b"s."


@pytest.mark.parametrize(
    ("offset", "shape", "strides", "size", "fine"),
    [
        (0, (2, 2), (2, 1), 4, True),
        (1, (3,), (1,), 4, True),
        (2, (3,), (1,), 4, False),
        (0, (5,), (0,), 4, False),
        (0, (1 << 30, 1 << 30), (0, 0), 4, False),
        (-1, (2,), (1,), 4, False),
        (0, (2,), (-1,), 4, False),
        (0, (2,), (1, 1), 4, False),
        (0, (2,), (1 << 39,), 4, False),
        (5, (0,), (1,), 4, False),
        (0, (2,), (1,), 5, False),
        (0, (2,), (1,), 1 << 39, False),
    ],
)
def test_tensors_stay_within_their_storage(tmp_path, offset, shape, strides, size, fine):
    path = save({"a": torch.arange(4.0)}, tmp_path / "net.pt")
    stream = tensor_stream(offset, shape, strides, size)
    rewritten(path, lambda member, old: stream if member.endswith("data.pkl") else old)
    if fine:
        assert read_tensors(path)["a"].shape == shape
    else:
        with pytest.raises(PopulaceError):
            read_tensors(path)


def test_archives_that_are_no_checkpoints(tmp_path):
    path = save({"a": torch.ones(2)}, tmp_path / "net.pt")
    whole = path.read_bytes()
    changes = {
        "no pickle": lambda name, old: None if name.endswith("data.pkl") else old,
        "no numbers": lambda name, old: None if name.endswith("/data/0") else old,
        "few numbers": lambda name, old: old[:-1] if name.endswith("/data/0") else old,
        "big-endian": lambda name, old: b"big" if name.endswith("byteorder") else old,
    }
    for change in changes.values():
        path.write_bytes(whole)
        with pytest.raises(PopulaceError):
            read_tensors(rewritten(path, change))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as squeezed:
        squeezed.writestr("archive/data.pkl", b"\0" * 1000)
    with pytest.raises(PopulaceError, match="compressed"):
        read_tensors(path)
    with pytest.raises(PopulaceError, match="cannot be read"):
        read_tensors(tmp_path / "nowhere.pt")


@FORMS
def test_damaged_files_are_one_sentence(tmp_path, archive):
    path = save(example(), tmp_path / "net.pt", archive)
    whole = path.read_bytes()
    rng = random.Random(0)
    for turn in range(150):
        broken = bytearray(whole)
        if turn % 3 == 0:
            del broken[rng.randrange(len(broken)) :]
        else:
            for _ in range(rng.randrange(1, 6)):
                broken[rng.randrange(len(broken))] = rng.randrange(256)
        path.write_bytes(bytes(broken))
        try:
            read_tensors(path)
        except PopulaceError as error:
            assert "\n" not in str(error)


def test_the_weights_of_another_net(tmp_path):
    from synth.people.pictures.efficientnet import load

    path = save({"a": torch.ones(2)}, tmp_path / "net.pth")
    with pytest.raises(PopulaceError, match="another net"):
        load(path)


def test_the_weights_in_the_cache_are_those_that_torch_reads():
    from synth.people.pictures import standin_scorer
    from synth.registry import fetch

    if not standin_scorer.is_available():
        pytest.skip("the stand-in's weights are not in the cache")
    path = fetch("efficientnet-lite2") / "efficientnet-lite2-9656183e.pth"
    wanted = torch.load(path, weights_only=True)
    tensors = read_tensors(path)
    assert list(tensors) == list(wanted) and len(tensors) > 200
    assert all(np.array_equal(tensors[name], wanted[name].numpy()) for name in wanted)
