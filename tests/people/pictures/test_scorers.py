"""The stand-in's parts, open_clip's loading on tiny random checkpoints, and the measures."""

import importlib.util
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from synth.errors import PopulaceError
from synth.people.pictures import standin_scorer
from synth.people.pictures.making.evaluate import evaluate, top_k
from synth.people.pictures.prompts import TEMPLATES, embed_words

torch = pytest.importorskip("torch")


def test_top_k_by_hand():
    scores = np.array([[0.9, 0.1, 0.5], [0.2, 0.3, 0.4], [0.1, 0.2, 0.3]])
    truth = np.array([0, 0, 1])
    assert top_k(scores, truth, 1) == pytest.approx(1 / 3)
    assert top_k(scores, truth, 2) == pytest.approx(2 / 3)
    assert top_k(scores, truth, 3) == 1


def test_templates_are_averaged():
    class Toy:
        name, scale = "toy", 1.0

        def embed_texts(self, texts):
            assert len(texts) == 2 * len(TEMPLATES) and "a photo of dog." in texts
            return np.arange(len(texts) * 2, dtype=np.float32).reshape(-1, 2) + 1

    vectors = embed_words(["dog", "cat"], Toy())
    assert vectors.shape == (2, 2)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)


def test_wordpiece():
    from synth.people.pictures.minilm import WordPiece

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "photo", "garden", "##ing", "cafe", "."]
    tokenise = WordPiece(words)
    assert tokenise("Gardening. Café photo") == [2, 5, 6, 8, 7, 4, 3]
    assert tokenise("xyz") == [2, 1, 3]
    assert len(tokenise("photo " * 500)) == 128


def test_efficientnet_shapes_with_random_weights(tmp_path):
    from synth.people.pictures.efficientnet import SIDE, EfficientNetLite2, load, prepare

    torch.save(EfficientNetLite2().state_dict(), tmp_path / "net.pth")
    net = load(tmp_path / "net.pth")
    views = prepare(Image.new("L", (400, 300)))
    assert views.shape == (2, 3, SIDE, SIDE) and views.min() >= -1 and views.max() <= 1.01
    with torch.inference_mode():
        features, logits = net(torch.from_numpy(views))
    assert features.shape == (2, 1280) and logits.shape == (2, 1000)


def test_head_is_shipped_and_learns():
    head = standin_scorer.Head.load()
    assert head.names.shape == (1000, 384) and head.matrix.shape == (1664, 384)
    rng = np.random.default_rng(0)
    features = rng.random((60, 2, 1280), dtype=np.float32)
    logits = rng.normal(size=(60, 2, 1000)).astype(np.float32)
    targets = rng.normal(size=(60, 384)).astype(np.float32)
    learned = head.fitted(features, logits, targets)
    vectors = learned.embed(features, logits)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    unit = targets / np.linalg.norm(targets, axis=1, keepdims=True)
    assert top_k(vectors @ unit.T, np.arange(60), 10) > top_k(
        head.embed(features, logits) @ unit.T, np.arange(60), 10
    )


def test_the_weights_are_in_the_registry(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNTH_CACHE", str(tmp_path))
    assert not standin_scorer.is_available()
    monkeypatch.setattr(standin_scorer, "_TEXTS", "no-such-weights")
    monkeypatch.setattr(standin_scorer, "_IMAGES", "no-such-weights")
    standin_scorer.load_standin.cache_clear()
    with pytest.raises(PopulaceError, match="no-such-weights"):
        standin_scorer.load_standin()
    standin_scorer.load_standin.cache_clear()


def test_standin_knows_a_dog_from_a_church():
    if not standin_scorer.is_available():
        pytest.skip("the stand-in's weights are not in the cache")
    from synth.people.pictures.library import load_library

    library, scorer = load_library(), standin_scorer.load_standin()
    wanted = ("a-german-shepherd-dog", "reims-cathedral")
    chosen = [next(p for p in library.pictures if p.id == name) for name in wanted]
    images = scorer.embed_images([Image.open(library.path(p)) for p in chosen])
    texts = embed_words(["a dog", "a church"], scorer)
    scores = images @ texts.T
    assert scores[0].argmax() == 0 and scores[1].argmax() == 1
    assert "clip" not in scorer.name.lower()
    kept = library.images[[library.pictures.index(p) for p in chosen]]
    assert (images * kept).sum(1).min() > 0.98  # the shipped vectors are this scorer's


TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 1},
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A tiny random CLIP: (name of the architecture, file of weights, local folder)."""
    if importlib.util.find_spec("open_clip") is None:
        pytest.skip("open_clip is not installed")
    from synth.people.pictures.clip import declare_operators

    declare_operators()
    import open_clip

    folder = tmp_path_factory.mktemp("clip")
    (folder / "populace-tiny.json").write_text(json.dumps(TINY))
    open_clip.add_model_config(folder / "populace-tiny.json")
    torch.manual_seed(0)
    model = open_clip.create_model("populace-tiny")
    torch.save(model.state_dict(), folder / "weights.pt")
    local = folder / "local"
    local.mkdir()
    preprocess = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic"}
    config = {"model_cfg": TINY, "preprocess_cfg": preprocess}
    (local / "open_clip_config.json").write_text(json.dumps(config))
    torch.save(model.state_dict(), local / "open_clip_pytorch_model.bin")
    return "populace-tiny", folder / "weights.pt", local


@pytest.mark.parametrize("way", ["file", "local-dir"])
def test_open_clip_from_a_file_and_a_folder(tiny, way):
    from synth.people.pictures.clip import OpenClip

    name, weights, local = tiny
    scorer = OpenClip(name, str(weights)) if way == "file" else OpenClip(f"local-dir:{local}")
    images = scorer.embed_images([Image.new("RGB", (50, 40), "red"), Image.new("L", (9, 90))])
    texts = embed_words(["a dog", "a church"], scorer)
    assert images.shape == texts.shape == (2, 16)
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1, rtol=1e-4)
    assert scorer.name.startswith("open_clip") and scorer.scale > 1


def test_open_clip_reads_both_kinds_of_weights_alike_and_unpickles_neither(tiny, monkeypatch):
    from safetensors.torch import save_file

    from synth.people.pictures.clip import OpenClip

    name, weights, _ = tiny
    safe = weights.with_suffix(".safetensors")
    save_file(torch.load(weights, weights_only=True), safe)
    monkeypatch.setattr(torch, "load", lambda *args, **more: pytest.fail("it was unpickled"))
    words = ["a dog", "a church"]
    first, other = (OpenClip(name, str(path)).embed_texts(words) for path in (weights, safe))
    np.testing.assert_array_equal(first, other)


@pytest.mark.parametrize(
    "fault", ["missing file", "corrupt file", "wrong file", "empty cache", "name"]
)
def test_open_clip_faults_are_one_sentence(tiny, tmp_path, fault, monkeypatch):
    from synth.people.pictures.clip import OpenClip

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    name, weights, _ = tiny
    wrong = tmp_path / "weights.pt"
    if fault == "corrupt file":
        wrong.write_bytes(weights.read_bytes()[:5000])
    elif fault == "wrong file":
        torch.save({"something": torch.zeros(2)}, wrong)
    elif fault == "empty cache":
        name, wrong = "ViT-B-32-quickgelu", "openai-nowhere"
    elif fault == "name":
        name = "no-such-model"
        wrong.write_bytes(weights.read_bytes())
    with pytest.raises(PopulaceError) as caught:
        OpenClip(name, str(wrong), cache=tmp_path / "cache")
    assert "\n" not in str(caught.value)


def test_evaluate_on_toy_archives(tmp_path):
    with zipfile.ZipFile(tmp_path / "flickr8k_800.zip", "w") as archive:
        rows = ["image,caption"]
        for number, colour in enumerate(("red", "green", "blue", "white") * 3):
            archive.writestr(f"images/{number}.jpg", _jpeg(colour))
            rows.append(f'{number}.jpg,"A wall, {colour}"')
        archive.writestr("captions.txt", "\n".join(rows))
    with zipfile.ZipFile(tmp_path / "caltech101_20_per_class.zip", "w") as archive:
        for colour in ("red", "green", "blue"):
            archive.writestr(f"{colour}/image_1.jpg", _jpeg(colour))
    results = evaluate(tmp_path, _Colours(), cache=tmp_path / "cache")
    assert results["caltech101"]["top1"] == 1 and results["flickr8k"]["r10"] == 1
    assert evaluate(tmp_path, _Colours(), cache=tmp_path / "cache") == results
    with pytest.raises(PopulaceError, match="missing"):
        evaluate(tmp_path / "nowhere", _Colours())


def _jpeg(colour):
    import io

    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(buffer, "JPEG")
    return buffer.getvalue()


class _Colours:
    name, scale = "colours", 20.0

    def embed_images(self, images):
        means = np.stack([np.asarray(im, np.float32).mean((0, 1)) for im in images]) / 255
        vectors = np.concatenate([means, means.min(1, keepdims=True) * 3], 1)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def embed_texts(self, texts):
        names = ("red", "green", "blue", "white")
        rows = [[float(name in text) for name in names] for text in texts]
        return np.array(rows, np.float32)
