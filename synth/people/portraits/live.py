"""The portrait tools of one process, made from fetched weights on first use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth import registry
from synth.errors import PopulaceError
from synth.people.portraits import weights
from synth.people.portraits.bank import shipped
from synth.people.portraits.defects import DefectHead
from synth.people.portraits.directions import Directions
from synth.people.portraits.faces import Detector, Embedding
from synth.people.portraits.heads import Heads
from synth.people.portraits.mobile_stylegan import MobileStyleGAN
from synth.people.portraits.search import FaceSearch, Neighbours, Reader


@dataclass(frozen=True)
class Tools:
    """Generator, reader and the finder over both."""

    generator: MobileStyleGAN
    reader: Reader
    search: FaceSearch

    @classmethod
    def load(
        cls,
        device: str | None = None,
        progress: registry.Progress = lambda step, done, total: None,
    ) -> Tools:
        """Fetch what is missing (140 MB at most, once) and load it.

        Raises PopulaceError when something cannot be fetched.

        Parameters
        ----------
        device : str, optional
            cpu or cuda; CUDA where there is one, when left out.
        progress : registry.Progress, optional
            Gets each step, and the bytes fetched and in all.

        Returns
        -------
        Tools
            The tools.
        """
        generator = MobileStyleGAN(registry.fetch(weights.GENERATOR, progress=progress), device)
        reader = make_reader(progress)
        search = FaceSearch(generator, reader, Directions.load(), defects=DefectHead.load())
        return cls(generator, reader, search)

    def neighbours(self, gender: str, ethnicity: str) -> Neighbours | None:
        """The bank's people of this gender and ethnicity: where a live search starts.

        Parameters
        ----------
        gender : str
            One of GENDERS.
        ethnicity : str
            One of ETHNICITIES.

        Returns
        -------
        Neighbours or None
            The neighbours; None without a bank, or with fewer than four people.
        """
        try:
            bank = shipped()
        except PopulaceError:  # the search does without
            return None
        rows = bank.rows(gender, ethnicity)
        styles, faces = bank.styles[rows].astype(np.float32), bank.embeddings[rows]
        return Neighbours.of(self.reader.heads, styles, faces, bank.ages[rows])


def make_reader(progress: registry.Progress = lambda step, done, total: None) -> Reader:
    """Detector, embedding and the shipped heads.

    Parameters
    ----------
    progress : registry.Progress, optional
        Gets each step, and the bytes fetched and in all.

    Returns
    -------
    Reader
        The reader.
    """
    folder = registry.fetch(weights.FACES, progress=progress)
    return Reader(Detector(folder), Embedding(folder), Heads.load())
