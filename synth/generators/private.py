"""Differential privacy as a generator: the result is an ordinary exact network.

Options in `Settings.options`: ``epsilon``, ``delta``, ``public`` (as `Public.to_json` writes it),
``method`` (``adaptive`` or ``tree``) and ``noise_seed``, for tests only. Of the table's schema only
names, kinds, labels and meanings are believed; levels and bounds are public or paid for. The seed
of the settings decides nothing: noise comes from the operating system.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from synth.bayes.network import Network
from synth.data.table import Table
from synth.errors import PopulaceError
from synth.generators.base import Progress, Settings, no_progress, register
from synth.generators.bayes_network import FILE, BayesNetworkModel
from synth.lazy import cached_property
from synth.privacy.learning import Promise, learn_privately
from synth.privacy.ledger import Ledger
from synth.privacy.public import Public
from synth.privacy.selection import METHODS

NAME = "private"
ABOUT = "privacy"
"""Where a network's `about` keeps the ledger."""


@dataclass(frozen=True, eq=False)
class PrivateModel(BayesNetworkModel):
    """A network that was learned under differential privacy, with its ledger.

    Attributes
    ----------
    network : Network
        What was learned; its `about` holds the ledger.
    """

    network: Network

    @property
    def generator(self) -> str:
        """The name of its generator."""
        return NAME

    @cached_property
    def ledger(self) -> Ledger:
        """What was promised and spent."""
        return Ledger.from_json(self.network.about.get(ABOUT))

    @property
    def settings(self) -> Settings:
        """How it was learned: what was promised, without the noise."""
        ledger = self.ledger
        return Settings(options={"epsilon": ledger.epsilon, "delta": ledger.delta})


class PrivateGenerator:
    """Learns a network under differential privacy; see `synth.privacy.learning`."""

    name = NAME
    title = "Differentially private network"
    description = (
        "A network of noisy counts that promises every person (ε, δ)-differential privacy; every "
        "question is answered exactly, and what was looked at is written down."
    )
    files = (FILE,)

    def fit(
        self, table: Table, settings: Settings, progress: Progress = no_progress
    ) -> PrivateModel:
        """Learn the network.

        Raises
        ------
        PopulaceError
            Rows are weighted, the promise is out of range, or the budget does not suffice.
        """
        if settings.weights is not None:
            raise PopulaceError(
                "A private population counts every row once: give the column of weights another "
                "use, or learn another kind of population."
            )
        promise = promise_of(settings.options)
        learned = learn_privately(table.frame, table.schema.modelled, promise, progress)
        about = {**learned.network.about, ABOUT: learned.ledger.to_json()}
        return PrivateModel(replace(learned.network, about=about))

    def load(self, folder: Path) -> PrivateModel:
        """Read ``network.json``; a ledger that is damaged or overdrawn is refused."""
        model = PrivateModel(Network.load(folder / FILE))
        _ = model.ledger
        return model


def promise_of(options: Mapping[str, Any]) -> Promise:
    """The promise that some options name; ε = 1 and δ = 1e-6 where they name none."""
    method = options.get("method", METHODS[0])
    if method not in METHODS:
        raise PopulaceError(f"There is no method {method}: use {' or '.join(METHODS)}.")
    seed = options.get("noise_seed")
    return Promise(
        epsilon=float(options.get("epsilon", 1.0)),
        delta=float(options.get("delta", 1e-6)),
        public=Public.from_json(options.get("public", {})),
        method=method,
        seed=None if seed is None else int(seed),
        noise_scale=float(options.get("noise_scale", 1.0)),
    )


register(PrivateGenerator())
