"""Variational autoencoders: people as points of a small space, drawn from there.

**tvae** reads and writes codes. Its prior is a mixture of normal distributions that is learned with
it (as in Tomczak and Welling 2018), for the points of real people are nothing like one normal
cloud, and a single one is why such models draw people that are easy to tell. **vae** is the plain
kind: numbers go in and out as real values, the prior is one standard normal distribution; it learns
small numeric tables in seconds.

Both maximise a lower bound of the likelihood and stop when people kept apart gain no more. Neither
can condition: of people of whom something is known, those are kept who come so by chance.

References
----------
.. [1] D. Kingma, M. Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
.. [2] L. Xu et al., "Modeling Tabular Data Using Conditional GAN", NeurIPS 2019 (TVAE).
.. [3] J. Tomczak, M. Welling, "VAE with a VampPrior", AISTATS 2018.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.generators.base import Progress, Settings, register
from synth.generators.coded import (
    Candidates,
    Codebook,
    CodedGenerator,
    Draw,
    Law,
    Likelihoods,
    Rows,
    check_shares,
    choose,
)
from synth.generators.training import (
    Average,
    Clock,
    Stopping,
    batches,
    ended,
    learning,
    split_apart,
    thinned,
)
from synth.generators.valued import Channels, ValuedLaw, drawn_codes, forward, layers_of

if TYPE_CHECKING:
    import torch

WIDTH, NARROW = 256, 64
"""Values of a layer: of tables with more than `FEW` channels, and of others."""
FEW = 40
LATENT, COMPONENTS = 24, 96
UNSEEN = 1e-6
"""What nobody has is at first held so likely."""
BATCH = 256
RATE = 2e-3
PATIENCE = 12
WARM = 300
"""Steps in which the prior's term grows to its full weight."""
LOOKS = 60


class LatentCodesLaw(Law):
    """A mixture of normal distributions, and a network from its points to code probabilities.

    Parameters
    ----------
    sizes : tuple of int
        How many codes each column has.
    layers : sequence of (float32 array, float32 array)
        The decoder.
    shares : float64 array, shape (components,)
        Of the mixture.
    means, deviations : float32 array, shape (components, latent)
        Of the mixture.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        layers: Sequence[tuple[np.ndarray, np.ndarray]],
        shares: np.ndarray,
        means: np.ndarray,
        deviations: np.ndarray,
    ) -> None:
        self.sizes, self.layers = tuple(sizes), list(layers)
        self.mixture, self.means, self.deviations = shares, means, deviations

    def given(self, known: Likelihoods) -> Candidates:
        """People as they come: such a network cannot condition."""
        return Candidates(self.people, known)

    def people(self, random: np.random.Generator, rows: int) -> Draw:
        """People of whom nothing is known."""
        which = choose(self.mixture, random.random(rows))
        noise = random.standard_normal((rows, self.means.shape[1])).astype(np.float32)
        out = forward(self.layers, self.means[which] + noise * self.deviations[which])
        uniform = random.random((rows, len(self.sizes)))
        return Draw(drawn_codes(out, uniform, self.sizes))

    def about(self) -> dict[str, Any]:
        """The depth."""
        return {"layers": len(self.layers)}

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights and the mixture."""
        out = {"shares": self.mixture, "means": self.means, "deviations": self.deviations}
        for number, (weight, bias) in enumerate(self.layers):
            out[f"layer{number}.weight"], out[f"layer{number}.bias"] = weight, bias
        return out

    @classmethod
    def restored(
        cls, codebook: Codebook, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> LatentCodesLaw:
        """The law of these arrays."""
        layers = layers_of(about, arrays)
        shares, means = arrays["shares"].astype(np.float64), arrays["means"].astype(np.float32)
        deviations = arrays["deviations"].astype(np.float32)
        check_shares([shares], [len(means)])
        fine = (
            means.shape == deviations.shape == (len(shares), layers[0][0].shape[1])
            and layers[-1][0].shape[0] == sum(codebook.sizes)
            and np.isfinite(means).all()
            and np.isfinite(deviations).all()
        )
        if not fine:
            raise ValueError("shapes")
        return cls(codebook.sizes, layers, shares, means, deviations)


class TabularVae(CodedGenerator):
    """Learns a VAE of codes."""

    name = "tvae"
    title = "Variational autoencoder of codes (TVAE)"
    description = (
        "People as points of a small space with a learned mixture as its prior: learned in a "
        "minute or two; smooth, blurs rare combinations, facts by trial."
    )
    law = LatentCodesLaw
    bins = 32

    def learn(
        self, rows: Rows, settings: Settings, progress: Progress
    ) -> tuple[LatentCodesLaw, dict[str, Any]]:
        """Learn until people kept apart gain no more."""
        offsets = np.cumsum([0, *rows.sizes[:-1]])
        inputs = np.zeros((len(rows.codes), sum(rows.sizes)), np.float32)
        for column, low in enumerate(offsets):
            inputs[np.arange(len(inputs)), low + rows.codes[:, column]] = 1.0
        groups = list(zip(offsets.tolist(), rows.sizes, strict=True))
        state, report = _learn(rows, inputs, groups, [], settings, progress, COMPONENTS)
        law = LatentCodesLaw(
            rows.sizes,
            _decoder(state),
            np.exp(_log_softmax(state["prior_shares"].astype(np.float64))),
            state["prior_means"],
            np.exp(state["prior_logs"]),
        )
        return law, report


class PlainVae(CodedGenerator):
    """Learns a VAE of real values."""

    name = "vae"
    title = "Variational autoencoder (VAE)"
    description = (
        "The plain kind, real numbers in and out: learns a small numeric table in seconds; wide "
        "mixed tables are better served by others, facts by trial."
    )
    law = ValuedLaw
    bins = 24

    def learn(
        self, rows: Rows, settings: Settings, progress: Progress
    ) -> tuple[ValuedLaw, dict[str, Any]]:
        """Learn until people kept apart gain no more."""
        channels = Channels.learn(rows)
        state, report = _learn(
            rows, channels.encode(rows), channels.groups, channels.numbers, settings, progress, 0
        )
        spread = np.exp(state["spread"]).astype(np.float32)
        law = ValuedLaw(channels, _decoder(state), spread)
        return law.mixed(channels.correlations(rows)), report


def _log_softmax(values: np.ndarray) -> np.ndarray:
    return values - values.max() - np.log(np.exp(values - values.max()).sum())


def _decoder(state: Mapping[str, np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(state[f"decoder.{k}.weight"], state[f"decoder.{k}.bias"]) for k in (0, 2, 4)]


# ---------------------------------------------------------------------- learning


def _learn(
    rows: Rows,
    inputs: np.ndarray,
    groups: Sequence[tuple[int, int]],
    numbers: Sequence[int],
    settings: Settings,
    progress: Progress,
    components: int,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Learn encoder, decoder and prior; the best state's arrays, and the report."""
    import torch

    clock = Clock.of(settings, progress, 2.0, 400)
    random = np.random.default_rng([settings.seed, 2])
    with learning(settings.seed) as device:
        ours, apart = split_apart(len(inputs), settings.seed)
        people = torch.from_numpy(inputs[ours]).to(device)
        validation = torch.from_numpy(inputs[apart]).to(device)
        weights = None if rows.weights is None else rows.weights[ours]
        validation_weights = None
        if rows.weights is not None and len(apart):
            shares = rows.weights[apart] / max(rows.weights[apart].mean(), 1e-12)
            validation_weights = torch.from_numpy(shares.astype(np.float32)).to(device)
        width = WIDTH if inputs.shape[1] > FEW else NARROW
        latent = min(LATENT, 2 * len(rows.sizes))
        net = _module(inputs.shape[1], len(numbers), components, width, latent)
        _begin_at_shares(net, inputs, groups, rows.weights)
        net.to(device)
        size = int(np.clip(len(people) // 8, 16, BATCH))
        average = Average(net, 0.995)
        optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
        stopping = Stopping(PATIENCE)
        curves: dict[str, list[float]] = {"learned": [], "kept apart": []}
        step, epoch, over = 0, 0, False
        while epoch < clock.epochs and not over:
            for batch in batches(len(people), size, weights, random):
                chosen = people[torch.from_numpy(batch).to(device)]
                warm = min(1.0, (step + 1) / WARM)
                loss = _bound(net, chosen, groups, numbers, warm).mean()
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
                optimiser.step()
                average.step()
                curves["learned"].append(float(loss.detach()))
                step += 1
                if clock.late or (len(validation) and step > WARM and step % LOOKS == 0):
                    if len(validation):
                        value = _apart(
                            net, average, validation, validation_weights, groups, numbers
                        )
                        curves["kept apart"].append(value)
                        clock.note("learned", float(np.mean(curves["learned"][-LOOKS:])))
                        clock.note("kept apart", value)
                        state = {k: v.clone() for k, v in average.values.items()}
                        better = stopping.look(value, state)
                        if not better and stopping.waited % 4 == 0:
                            for group in optimiser.param_groups:
                                group["lr"] /= 2
                        clock.say(epoch, f"Pass {epoch + 1}: {value:.3f} nats a person kept apart")
                    over = clock.late or stopping.over
                    if over:
                        break
            epoch += 1
            clock.say(epoch, f"Pass {epoch} of at most {clock.epochs}")
        best = average.values if stopping.state is None else stopping.state
        state = {name: value.detach().cpu().numpy() for name, value in best.items()}
    end = ended(clock, stopping.over)
    note = (
        f"A variational autoencoder, learned in {epoch} passes on {device} until {end}. Facts are "
        "answered by trial: people as they come, those kept of whom the facts hold."
    )
    return state, {
        "notes": [note],
        "losses": {name: thinned(curve) for name, curve in curves.items()},
        "steps": step,
        "passes": epoch,
        "seconds": round(clock.seconds, 1),
        "work_seconds": round(clock.worked, 1),
        "ended": end,
        "device": str(device),
    }


def _module(
    channels: int, numbers: int, components: int, width: int, latent: int
) -> torch.nn.Module:
    """Encoder, decoder, spread of the numbers, and the prior."""
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(
                nn.Linear(channels, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()
            )
            self.point = nn.Linear(width, 2 * latent)
            self.decoder = nn.Sequential(
                nn.Linear(latent, width),
                nn.ReLU(),
                nn.Linear(width, width),
                nn.ReLU(),
                nn.Linear(width, channels),
            )
            self.spread = nn.Parameter(torch.full((numbers,), -0.5))
            if components:
                self.prior_shares = nn.Parameter(torch.zeros(components))
                self.prior_means = nn.Parameter(torch.randn(components, latent))
                self.prior_logs = nn.Parameter(torch.full((components, latent), -0.5))

    return Net()


def _begin_at_shares(
    net: Any,
    inputs: np.ndarray,
    groups: Sequence[tuple[int, int]],
    weights: np.ndarray | None,
) -> None:
    """Let the decoder give each code its share at first, and what nobody has hardly ever."""
    import torch

    with torch.no_grad():
        bias = net.decoder[-1].bias
        for low, size in groups:
            shares = np.average(inputs[:, low : low + size], axis=0, weights=weights)
            bias[low : low + size] = torch.from_numpy(np.log(np.maximum(shares, UNSEEN)))


def _bound(
    net: Any,
    inputs: torch.Tensor,
    groups: Sequence[tuple[int, int]],
    numbers: Sequence[int],
    warm: float,
) -> torch.Tensor:
    """Minus the lower bound of the log-likelihood of each person, in nats; shape (rows,)."""
    import torch
    from torch.nn import functional

    mean, log = net.point(net.encoder(inputs)).chunk(2, dim=1)
    log = log.clamp(-6.0, 3.0)
    noise = torch.randn_like(mean)
    point = mean + noise * log.exp()
    out = net.decoder(point)
    loss = torch.zeros(len(inputs), device=inputs.device)
    for low, size in groups:
        target = inputs[:, low : low + size].argmax(dim=1)
        loss = loss + functional.cross_entropy(out[:, low : low + size], target, reduction="none")
    if numbers:
        spread = net.spread.clamp(-4.0, 2.0)
        apart = (inputs[:, numbers] - out[:, numbers]) / spread.exp()
        gaussian = 0.5 * apart**2 + spread + 0.5 * math.log(2 * math.pi)
        loss = loss + gaussian.sum(dim=1)
    if hasattr(net, "prior_means"):
        ours = (-0.5 * noise**2 - log).sum(dim=1)
        logs = net.prior_logs.clamp(-4.0, 3.0)
        scaled = (point[:, None, :] - net.prior_means) / logs.exp()
        each = (-0.5 * scaled**2 - logs).sum(dim=2)
        prior = torch.logsumexp(each + torch.log_softmax(net.prior_shares, 0), dim=1)
        return loss + warm * (ours - prior)
    divergence = 0.5 * (mean**2 + (2 * log).exp() - 2 * log - 1).sum(dim=1)
    return loss + warm * divergence


def _apart(
    net: Any,
    average: Average,
    validation: torch.Tensor,
    weights: torch.Tensor | None,
    groups: Sequence[tuple[int, int]],
    numbers: Sequence[int],
) -> float:
    """The mean loss of people kept apart by the average parameters, with the same noise always."""
    import torch

    before = {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(average.values)
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(11)
        loss = _bound(net, validation, groups, numbers, 1.0)
        value = float((loss if weights is None else loss * weights).mean())
    net.load_state_dict(before)
    return value


register(TabularVae())
register(PlainVae())
