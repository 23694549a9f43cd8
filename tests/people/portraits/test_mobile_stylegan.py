"""Generator and readers against their originals; these fetch the weights."""

from __future__ import annotations

import dlib
import numpy as np
import pytest
import torch

from synth.errors import PopulaceError
from synth.people.portraits.directions import Directions
from synth.people.portraits.faces import TEXTURE, Detector, Embedding
from synth.people.portraits.heads import Heads
from synth.people.portraits.mobile_stylegan import MobileStyleGAN, read_mapping, read_synthesis
from synth.people.portraits.search import FaceSearch, Reader, Target, Thresholds


@pytest.fixture(scope="module")
def generator(generator_folder):
    return MobileStyleGAN(generator_folder, "cpu", threads=1)


@pytest.fixture(scope="module")
def reader(faces_folder):
    return Reader(Detector(faces_folder), Embedding(faces_folder), Heads.load())


@pytest.fixture(scope="module")
def sought(generator, reader):
    """What a search finds, and the faults of all that it painted on the way."""
    search, faults = FaceSearch(generator, reader, Directions.load()), []
    target = Target("female", 28, 40, "White")
    result = search.find(target, 3, tries=16, tried=lambda w, i, look, fault: faults.append(fault))
    assert result is not None
    return target, result, faults


def original(folder, name):
    import openvino

    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(str(folder / f"{name}.xml"), "CPU", settings)


def test_mapping_and_painting_equal_the_published_graph(generator_folder):
    z = np.random.default_rng(0).standard_normal((1, 512)).astype(np.float32)
    w = original(generator_folder, "MappingNetwork")([z])[0]
    assert np.abs(read_mapping(generator_folder)(torch.from_numpy(z)).numpy() - w).max() < 1e-4
    image = original(generator_folder, "SynthesisNetwork")([w])[0]
    large = read_synthesis(generator_folder)(torch.from_numpy(w)).numpy()
    # Against double precision the graph rounds by 1.1e-4 at most on processors without AVX-512
    # (with one thread as with four), the port by 3e-5: their difference is single precision's.
    assert np.abs(large - image).max() < 2.5e-4 and np.abs(large - image).mean() < 1e-5
    blocks = image.reshape(1, 3, 256, 4, 256, 4).mean((3, 5))
    small = read_synthesis(generator_folder, 256)(torch.from_numpy(w)).numpy()
    assert np.abs(small - blocks).max() < 1e-4


def test_the_same_style_gives_the_same_face(generator):
    w = generator.styles(2, np.random.default_rng(1), 0.7)
    faces = generator.paint(w)
    assert faces.shape == (2, 256, 256, 3)
    assert (generator.paint(w[1]) == faces[1:]).all()  # again, and in other company
    assert str(generator) == "OpenVINO on the CPU"


def test_truncation_pulls_to_the_mean(generator):
    far = generator.styles(50, np.random.default_rng(1), 1.0)
    near = generator.styles(50, np.random.default_rng(1), 0.5)
    assert np.allclose(near - generator.mean, (far - generator.mean) / 2, atol=1e-5)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_cuda_paints_the_same_faces(generator, generator_folder):
    w = generator.styles(2, np.random.default_rng(1), 0.7)
    other = MobileStyleGAN(generator_folder, "cuda").paint(w).astype(int)
    assert np.abs(other - generator.paint(w)).max() <= 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_asking_for_cuda_without_one(generator_folder):
    with pytest.raises(PopulaceError, match="No CUDA device"):
        MobileStyleGAN(generator_folder, "cuda")


def test_the_fast_embedding_equals_dlibs(faces_folder, images):
    find = Detector(faces_folder)
    chips = np.stack([find(image).chip for image in images])
    net = dlib.face_recognition_model_v1(
        str(faces_folder / "dlib_face_recognition_resnet_model_v1.dat")
    )
    slow = np.array([np.array(net.compute_face_descriptor(chip)) for chip in chips])
    fast = Embedding(faces_folder).embed(chips)
    assert np.abs(fast - slow).max() < 1e-5
    assert Embedding(faces_folder).embed(chips[:0]).shape == (0, 128)


def test_textures_go_with_the_embedding(faces_folder, images):
    find, net = Detector(faces_folder), Embedding(faces_folder)
    chips = np.stack([find(image).chip for image in images])
    embeddings, textures = net.read(chips, batch=3)
    assert textures.shape == (4, TEXTURE) and np.isfinite(textures).all()
    assert np.allclose(embeddings, net.embed(chips), atol=1e-5)
    assert net.read(chips[:0])[1].shape == (0, TEXTURE)


def test_half_a_face_at_the_border_is_seen(faces_folder, images):
    find = Detector(faces_folder)
    for image in images:
        plain = np.full_like(image, image[:8].mean((0, 1)).astype(np.uint8))
        beside = plain.copy()
        beside[:, :128] = image[:, 128:]
        mirrored = np.ascontiguousarray(beside[:, ::-1])
        assert find.beside(beside) and find.beside(mirrored) and not find.beside(plain)


def test_a_draft_is_nearly_the_painting(generator):
    w = generator.styles(1, np.random.default_rng(4), 0.7)
    draft, painting = generator.draft(w[0]), generator.paint(w)[0]
    assert draft.shape == painting.shape and draft.dtype == np.uint8
    assert np.abs(draft.astype(int) - painting).mean() < 3


def test_nobody_comes_twice(generator, reader, sought):
    search = FaceSearch(generator, reader, Directions.load(), Thresholds(unlike=0.5))
    target, first, _ = sought
    second = search.find(target, 3, tries=30, unlike=first.look.embedding[None])
    assert second is not None
    assert np.linalg.norm(first.look.embedding - second.look.embedding) >= 0.5


def test_bank_portraits_read_as_asked(reader, images):
    looks = [reader.look(image) for image in images]
    assert [look.reading.male[0] > 0.5 for look in looks] == [True, True, False, False]
    assert [int(look.reading.ethnicity[0].argmax()) for look in looks] == [0, 1, 2, 3]
    assert reader.look(np.zeros((256, 256, 3), np.uint8)) is None


def test_the_bar_says_why(reader, images):
    look = reader.look(images[0])
    assert Thresholds().fault(None, Target("male", 21, 31, "White")) == "no face"
    assert Thresholds().fault(look, Target("female", 21, 31, "White")) == "gender"
    assert Thresholds().fault(look, Target("male", 21, 31, "Asian")) == "ethnicity"
    assert Thresholds().fault(look, Target("male", 70, 80, "White")) == "age"


def test_finding_is_repeatable_and_can_be_stopped(generator, reader, sought):
    search = FaceSearch(generator, reader, Directions.load())
    target, result, faults = sought
    again = search.find(target, 3, tries=16)
    assert again is not None
    assert (result.image == again.image).all() and len(faults) == result.tries == again.tries
    assert faults[-1] == "" and 28 <= result.look.years < 40
    assert search.find(target, 3, stopped=lambda: True) is None


@pytest.mark.parametrize(
    ("gender", "lower", "upper", "ethnicity"),
    [("nobody", 20, 30, "White"), ("male", 20, 30, "Elvish"), ("male", 8, 12, "White")],
)
def test_what_cannot_be_wanted(gender, lower, upper, ethnicity):
    with pytest.raises(PopulaceError, match=r"ask for|one of"):
        Target(gender, lower, upper, ethnicity)


def test_a_damaged_weights_file_is_named(tmp_path):
    for name in ("SynthesisNetwork.xml", "SynthesisNetwork.bin"):
        (tmp_path / name).write_bytes(b"<broken")
    with pytest.raises(PopulaceError, match="fetch it again"):
        read_synthesis(tmp_path)
    (tmp_path / "dlib_face_recognition_resnet_model_v1.dat").write_bytes(b"con_4 and so on" * 9)
    with pytest.raises(PopulaceError, match="fetch"):
        Embedding(tmp_path)
    with pytest.raises(PopulaceError, match="fetch"):
        Detector(tmp_path)
