"""Adversarial networks: one draws people, another tells them from real ones, each learns by it.

**ctgan** draws codes. It learns as Xu et al. (2019) do: a condition names one level of one column,
levels are drawn by the logarithm of how common they are, so that rare ones are learned too, real
rows are drawn among those that have the level, and people are judged in packs, so that drawing the
same person always does not pay. What differs: numbers are bins, not mixtures of normal
distributions; codes are drawn in learning too (Gumbel-softmax, straight through), so the judge
never sees a half-way code that gives a row away. **gan** is the plain kind: numbers come out as
real values, nothing is conditioned on; it learns small numeric tables in a minute.

Both judges are Wasserstein critics with a gradient penalty (Gulrajani et al. 2017), which learn
more steadily than the original; the curves of both losses are in the report. An adversarial loss
does not say how good people are, so the network that is kept, a moving average, is the one whose
people are nearest to people kept apart, by the shares of all pairs of columns (of a small table, to
all people: those kept apart would be too few to tell). Its last biases are set so that each single
column has the real shares, which an adversary learns last.

Neither can condition on facts in general: of people of whom something is known, those are kept who
come so by chance.

References
----------
.. [1] I. Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014.
.. [2] I. Gulrajani et al., "Improved Training of Wasserstein GANs", NeurIPS 2017.
.. [3] L. Xu et al., "Modeling Tabular Data Using Conditional GAN", NeurIPS 2019.
.. [4] Z. Lin et al., "PacGAN: The Power of Two Samples in Generative Adversarial Networks",
   NeurIPS 2018.
"""

from __future__ import annotations

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
from synth.generators.training import Average, Clock, ended, learning, split_apart, thinned
from synth.generators.valued import Channels, ValuedLaw, drawn_codes, forward, layers_of, softmax

if TYPE_CHECKING:
    import torch

WIDTH, NARROW = 256, 96
"""Values of a layer: of tables with more than `FEW` channels, and of others."""
FEW = 40
NOISE = 64
BATCH = 256
PACK = 4
CRITICS = 1
"""Steps of the critic for one of the other network."""
PENALTY = 10.0
RATE, CRITIC_RATE = 2e-4, 4e-4
TEMPERATURE = 0.6
LOOKS = 100
"""Steps between two looks at the people kept apart."""
PATIENCE = 25
JUDGED = 4_000
"""People of a look."""
ROUNDS = 6
"""Rounds in which the shares of single columns are set right."""
PASSES = 600
ENOUGH = 500
"""With fewer people kept apart, the distance is taken to everybody."""
STEPS = 4_000
"""Steps that a small table gets, however many passes they are."""
PAIRS = 400
"""Pairs of columns of a look, at most."""
PLACES = 8
"""Places of a number where pairs are counted."""


class ConditionedLaw(Law):
    """A network from noise and a condition to code probabilities.

    Parameters
    ----------
    sizes : tuple of int
        How many codes each column has.
    layers : sequence of (float32 array, float32 array)
        The network; its inputs are noise, then one for each code of all columns.
    condition : float64 array, shape (codes of all columns,)
        How often each code is the condition when people are drawn.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        layers: Sequence[tuple[np.ndarray, np.ndarray]],
        condition: np.ndarray,
    ) -> None:
        self.sizes, self.layers, self.condition = tuple(sizes), list(layers), condition

    def given(self, known: Likelihoods) -> Candidates:
        """People as they come: a condition says one level only, and not reliably."""
        return Candidates(self.people, known)

    def outputs(self, random: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """What the network gives, and uniform numbers for each column."""
        (weight, bias), *rest = self.layers
        noise = weight.shape[1] - sum(self.sizes)
        inner = random.standard_normal((rows, noise)).astype(np.float32) @ weight[:, :noise].T
        # A named level's column is looked up: all other inputs for levels are nought.
        inner += weight.T[noise + choose(self.condition, random.random(rows))] + bias
        return forward(rest, np.maximum(inner, 0.0)), random.random((rows, len(self.sizes)))

    def people(self, random: np.random.Generator, rows: int) -> Draw:
        """People of whom nothing is known."""
        out, uniform = self.outputs(random, rows)
        return Draw(drawn_codes(out, uniform, self.sizes))

    def about(self) -> dict[str, Any]:
        """The depth."""
        return {"layers": len(self.layers)}

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights and how often each condition is drawn."""
        out = {"condition": self.condition}
        for number, (weight, bias) in enumerate(self.layers):
            out[f"layer{number}.weight"], out[f"layer{number}.bias"] = weight, bias
        return out

    @classmethod
    def restored(
        cls, codebook: Codebook, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> ConditionedLaw:
        """The law of these arrays."""
        layers, total = layers_of(about, arrays), sum(codebook.sizes)
        condition = arrays["condition"].astype(np.float64)
        check_shares([condition], [total])
        if layers[-1][0].shape[0] != total or layers[0][0].shape[1] <= total:
            raise ValueError("shapes")
        return cls(codebook.sizes, layers, condition)


class ConditionalGan(CodedGenerator):
    """Learns an adversarial network of codes."""

    name = "ctgan"
    title = "Conditional adversarial network (CTGAN)"
    description = (
        "Two networks learn against each other, one column's level named in turn: known from "
        "papers, slower and further from the table than networks that predict; facts by trial."
    )
    law = ConditionedLaw
    bins = 32

    def learn(
        self, rows: Rows, settings: Settings, progress: Progress
    ) -> tuple[ConditionedLaw, dict[str, Any]]:
        """Learn until people kept apart are met no better."""
        offsets = np.cumsum([0, *rows.sizes[:-1]])
        inputs = np.zeros((len(rows.codes), sum(rows.sizes)), np.float32)
        for column, low in enumerate(offsets):
            inputs[np.arange(len(inputs)), low + rows.codes[:, column]] = 1.0
        groups = list(zip(offsets.tolist(), rows.sizes, strict=True))
        condition = np.concatenate(rows.shares()) / len(rows.sizes)

        def law(layers: Sequence[tuple[np.ndarray, np.ndarray]]) -> ConditionedLaw:
            return ConditionedLaw(rows.sizes, layers, condition)

        learner = _Learner(rows, inputs, groups, [], conditioned=True, law=law)
        learned, report = learner.learn(settings, progress, 5.0)
        assert isinstance(learned, ConditionedLaw)
        return learned, report


class PlainGan(CodedGenerator):
    """Learns an adversarial network of real values."""

    name = "gan"
    title = "Adversarial network (GAN)"
    description = (
        "The plain kind, real numbers out: learns a small numeric table in a minute; wide mixed "
        "tables are better served by others, facts by trial."
    )
    law = ValuedLaw
    bins = 24

    def learn(
        self, rows: Rows, settings: Settings, progress: Progress
    ) -> tuple[ValuedLaw, dict[str, Any]]:
        """Learn until people kept apart are met no better."""
        channels = Channels.learn(rows)
        still = np.zeros(len(channels.numbers), np.float32)

        wanted = channels.correlations(rows)

        def law(layers: Sequence[tuple[np.ndarray, np.ndarray]]) -> ValuedLaw:
            return ValuedLaw(channels, layers, still)

        def finish(law: ValuedLaw) -> ValuedLaw:
            return law.mixed(wanted, JUDGED)

        learner = _Learner(
            rows,
            channels.encode(rows),
            channels.groups,
            channels.numbers,
            conditioned=False,
            law=law,
            finish=finish,
        )
        learned, report = learner.learn(settings, progress, 3.0)
        assert isinstance(learned, ValuedLaw)
        return learned.mixed(wanted), report  # at the looks fewer people had to do


# ---------------------------------------------------------------------- learning


class _Learner:
    """One learning of an adversarial network.

    Parameters
    ----------
    rows : Rows
        The people.
    inputs : float32 array, shape (rows, channels)
        As the critic sees them.
    groups, numbers
        The one-hot channels and those of real values.
    conditioned : bool
        Whether a level of a column is named.
    law : callable
        Gets layers; gives the law that draws with them.
    finish : callable
        Gets such a law when its biases are set; gives the one that is judged and kept.
    """

    def __init__(
        self,
        rows: Rows,
        inputs: np.ndarray,
        groups: Sequence[tuple[int, int]],
        numbers: Sequence[int],
        *,
        conditioned: bool,
        law: Any,
        finish: Any = lambda law: law,
    ) -> None:
        self.rows, self.inputs = rows, inputs
        self.groups, self.numbers = list(groups), list(numbers)
        self.conditioned, self.law, self.finish = conditioned, law, finish

    def learn(
        self, settings: Settings, progress: Progress, minutes: float
    ) -> tuple[Law, dict[str, Any]]:
        """Learn; the law of the network that is nearest to people kept apart, and the report."""
        import torch

        random = np.random.default_rng([settings.seed, 3])
        channels = self.inputs.shape[1]
        with learning(settings.seed) as device:
            ours, apart = split_apart(len(self.inputs), settings.seed)
            people = torch.from_numpy(self.inputs[ours]).to(device)
            self._spread = _Spread(channels, self.groups, device)
            picker = _Picker(self.rows, ours, self.groups, self.conditioned, random)
            everybody = np.arange(len(self.inputs))
            judge = _PairShares(self.rows, apart if len(apart) >= ENOUGH else everybody)
            batch = int(np.clip(len(ours) // 2, 8, BATCH)) // PACK * PACK
            pack = PACK if self.conditioned and batch >= 8 * PACK else 1
            width = WIDTH if channels > FEW else NARROW
            named = channels if self.conditioned else 0
            drawer = _network(NOISE, width, channels, named=named).to(device)
            critic = _network(pack * channels, width, 1, named=pack * named, leaky=True).to(device)
            average = Average(drawer, 0.998)
            first = torch.optim.Adam(drawer.parameters(), lr=RATE, betas=(0.5, 0.9))
            second = torch.optim.Adam(critic.parameters(), lr=CRITIC_RATE, betas=(0.5, 0.9))
            curves: dict[str, list[float]] = {"critic": [], "generator": [], "distance": []}
            best: tuple[float, Any] = (np.inf, None)
            a_pass = max(1, len(ours) // (batch * CRITICS))
            clock = Clock.of(settings, progress, minutes, max(PASSES, STEPS // a_pass))
            step, waited, over = 0, 0, False
            while not over:
                for _ in range(CRITICS):
                    named_codes, which = picker.pick(batch)
                    real = people[torch.from_numpy(which).to(device)]
                    condition = self._condition(named_codes, device)
                    with torch.no_grad():
                        drawn = self._sampled(_outputs(drawer, batch, condition, device))
                    levels = _packed_levels(condition, channels, pack)
                    gap, loss = _critic_loss(
                        critic, _packed(real, pack), _packed(drawn, pack), levels
                    )
                    second.zero_grad()
                    loss.backward()
                    second.step()
                curves["critic"].append(gap)
                named_codes, _ = picker.pick(batch)
                condition = self._condition(named_codes, device)
                out = _outputs(drawer, batch, condition, device)
                levels = _packed_levels(condition, channels, pack)
                loss = -_through(critic, _packed(self._sampled(out), pack), levels).mean()
                curves["generator"].append(float(loss.detach()))
                if condition is not None:
                    loss = loss + self._kept(out, named_codes)
                first.zero_grad()
                loss.backward()
                first.step()
                average.step()
                step += 1
                epoch = step // a_pass
                over = clock.late or epoch >= clock.epochs
                if step % LOOKS == 0 or over:
                    law = self.finish(self._balanced(_layers(average.values)))
                    distance = judge.distance(law)
                    curves["distance"].append(distance)
                    for curve in ("critic", "generator"):
                        clock.note(curve, float(np.mean(curves[curve][-LOOKS:])))
                    clock.note("distance", distance)
                    waited += 1
                    if distance < best[0]:
                        best, waited = (distance, law), 0
                    over = over or waited >= PATIENCE
                    clock.say(epoch, f"Pass {epoch}: pairs of columns are {distance:.3f} apart")
        end = ended(clock, waited >= PATIENCE).replace("predicted", "met")
        note = (
            f"An adversarial network, learned in {step} steps on {device} until {end}. Facts are "
            "answered by trial: people as they come, those kept of whom the facts hold."
        )
        return best[1], {
            "notes": [note],
            "losses": {name: thinned(curve) for name, curve in curves.items()},
            "steps": step,
            "passes": step // a_pass,
            "seconds": round(clock.seconds, 1),
            "work_seconds": round(clock.worked, 1),
            "ended": end,
            "device": str(device),
        }

    def _balanced(self, layers: list[tuple[np.ndarray, np.ndarray]]) -> Any:
        """The law whose last biases are moved until each column's shares are the real ones."""
        weights = self.rows.weights
        real = np.average(self.inputs, axis=0, weights=weights)
        law = self.law(layers)
        if not self.groups:
            return law
        for _ in range(ROUNDS):
            out, _ = law.outputs(np.random.default_rng(6), JUDGED)
            weight, bias = layers[-1]
            bias = bias.copy()
            for low, size in self.groups:
                part = slice(low, low + size)
                ours = softmax(out[:, part]).mean(axis=0)
                moved = np.log(np.maximum(real[part], 1e-6) / np.maximum(ours, 1e-6))
                bias[part] += np.clip(moved, -1.0, 1.0).astype(np.float32)
            layers = [*layers[:-1], (weight, bias)]
            law = self.law(layers)
        return law

    def _condition(self, codes: np.ndarray, device: torch.device) -> torch.Tensor | None:
        """The channels that are named, shape (rows, 1)."""
        import torch

        return torch.from_numpy(codes[:, None]).to(device) if self.conditioned else None

    def _sampled(self, out: torch.Tensor) -> torch.Tensor:
        """Codes drawn, with the gradient of their probabilities; numbers as they are."""
        import torch

        if not self.groups:
            return out
        drawn = torch.nn.functional.gumbel_softmax(self._spread.logits(out), TEMPERATURE, hard=True)
        return self._spread.together(out, drawn)

    def _kept(self, out: torch.Tensor, codes: np.ndarray) -> torch.Tensor:
        """How badly the named levels are drawn: cross-entropy."""
        import torch

        return torch.nn.functional.cross_entropy(*self._spread.named(out, codes))


class _Spread:
    """All blocks of codes beside each other, as wide as the widest: one call for all of them.

    Parameters
    ----------
    channels : int
        How many a network gives; those in no block are numbers.
    groups : sequence of (int, int)
        Where each block begins, and its width.
    device : torch.device
        Where it is looked up.
    """

    def __init__(
        self, channels: int, groups: Sequence[tuple[int, int]], device: torch.device
    ) -> None:
        import torch

        widest = max((size for _, size in groups), default=0)
        places = np.zeros((len(groups), widest), np.int64)
        beyond = np.ones(places.shape, bool)
        order = np.arange(channels)
        self._group, self._level = np.zeros(channels, np.int64), np.zeros(channels, np.int64)
        for number, (low, size) in enumerate(groups):
            block = np.arange(size)
            places[number, :size], beyond[number, :size] = low + block, False
            order[low : low + size] = channels + number * widest + block
            self._group[low : low + size], self._level[low : low + size] = number, block
        self._places, self._beyond, self._order = (
            torch.from_numpy(values).to(device) for values in (places, beyond, order)
        )

    def logits(self, out: torch.Tensor) -> torch.Tensor:
        """Those of each block, shape (rows, blocks, widest)."""
        return out[:, self._places].masked_fill(self._beyond, -np.inf)

    def together(self, out: torch.Tensor, drawn: torch.Tensor) -> torch.Tensor:
        """The channels again: numbers as they are, blocks as they were drawn."""
        import torch

        return torch.cat([out, drawn.flatten(1)], dim=1)[:, self._order]

    def named(self, out: torch.Tensor, codes: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of the block in which each row's named channel lies, and its place there."""
        import torch

        group = torch.from_numpy(self._group[codes]).to(out.device)
        logits = torch.gather(out, 1, self._places[group]).masked_fill(self._beyond[group], -np.inf)
        return logits, torch.from_numpy(self._level[codes]).to(out.device)


class _Picker:
    """Draws real people, and a level that each has: by the logarithm of how common it is."""

    def __init__(
        self,
        rows: Rows,
        ours: np.ndarray,
        groups: Sequence[tuple[int, int]],
        conditioned: bool,
        random: np.random.Generator,
    ) -> None:
        self._random, self._conditioned, self._groups = random, conditioned, groups
        self._codes = rows.codes[ours]
        self._weights = None
        if rows.weights is not None:
            self._weights = rows.weights[ours] / rows.weights[ours].sum()
        if conditioned:
            self._order, self._starts, self._logs = [], [], []
            for column, (_, size) in enumerate(groups):
                codes = self._codes[:, column]
                self._order.append(np.argsort(codes, kind="stable"))
                count = np.bincount(codes, minlength=size)
                self._starts.append(np.concatenate([[0], np.cumsum(count)]))
                self._logs.append(np.log1p(count))

    def pick(self, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the channels that name levels, and of real people who have them."""
        random = self._random
        if not self._conditioned:
            count = len(self._codes)
            return np.zeros(rows, np.int64), random.choice(count, rows, p=self._weights)
        column = random.integers(0, len(self._groups), rows)
        channel, which = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        uniform, place = random.random(rows), random.random(rows)
        for number, (low, _) in enumerate(self._groups):
            mine = np.flatnonzero(column == number)
            level = choose(self._logs[number], uniform[mine])
            channel[mine] = low + level
            starts, order = self._starts[number], self._order[number]
            begin, end = starts[level], starts[level + 1]
            if self._weights is None:
                which[mine] = order[begin + (place[mine] * (end - begin)).astype(np.int64)]
                continue
            total = np.append(0.0, np.cumsum(self._weights[order]))
            wanted = total[begin] + place[mine] * (total[end] - total[begin])
            at = np.searchsorted(total, wanted, side="right") - 1
            which[mine] = order[np.clip(at, begin, np.maximum(end - 1, begin))]
        return channel, which


class _PairShares:
    """How far drawn people are from some real ones.

    The mean total variation distance of pairs' shares; where a law draws numbers, and the mean
    difference of their correlations.
    """

    def __init__(self, rows: Rows, apart: np.ndarray) -> None:
        self._sizes = rows.sizes
        self._steps = []
        for column, size in enumerate(rows.sizes):
            # Wide columns in few places of about equal shares.
            share = np.cumsum(np.bincount(rows.codes[:, column], minlength=size)) / len(rows.codes)
            place = np.minimum((share * PLACES).astype(int), PLACES - 1)
            self._steps.append(place if size > PLACES else np.arange(size))
        judged = apart[:JUDGED]
        weights = None if rows.weights is None else rows.weights[judged]
        pairs = [(a, b) for a in range(len(rows.sizes)) for b in range(a)] or [(0, 0)]
        some = np.random.default_rng(4).permutation(len(pairs))[:PAIRS]
        self._pairs = [pairs[number] for number in np.sort(some)]
        self._real = self._shares(rows.codes[judged], weights)
        names = rows.codebook.learned
        self._columns = [c for c, name in enumerate(names) if rows.codebook.schema[name].is_number]
        frame = rows.frame[[names[c] for c in self._columns]].iloc[judged]
        self._numbers = frame.to_numpy(dtype=np.float64, na_value=np.nan)

    def _shares(self, codes: np.ndarray, weights: np.ndarray | None) -> list[np.ndarray]:
        places = [step[codes[:, column]] for column, step in enumerate(self._steps)]
        sizes = [int(step.max()) + 1 for step in self._steps]
        out = []
        for a, b in self._pairs:
            pair = places[a] * sizes[b] + places[b]
            counts = np.bincount(pair, weights, sizes[a] * sizes[b])
            out.append(counts / counts.sum())
        return out

    def distance(self, law: Any) -> float:
        """How far the people of a law are."""
        drawn = law.people(np.random.default_rng(5), JUDGED)
        pairs = zip(self._shares(drawn.codes, None), self._real, strict=True)
        distance = float(np.mean([np.abs(ours - real).sum() / 2 for ours, real in pairs]))
        if drawn.values is None or self._numbers.shape[1] < 2:
            return distance
        apart = _correlated(drawn.values[:, self._columns]) - _correlated(self._numbers)
        return distance + float(np.abs(apart).mean())


def _correlated(values: np.ndarray) -> np.ndarray:
    """Correlations of numbers, those of missing ones as of the mean; (columns, columns)."""
    known = ~np.isnan(values)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, values - mean, 0.0)
    centred /= np.sqrt((centred**2).sum(axis=0)) + 1e-12
    return centred.T @ centred


def _network(
    inputs: int, width: int, outputs: int, *, named: int = 0, leaky: bool = False
) -> torch.nn.ModuleDict:
    """Three layers; a critic's let a little of the negative through.

    What is named, one of very many inputs that are else nought, has weights of its own beside the
    first layer's: looked up, it costs nothing, multiplied as much as all else.
    """
    from torch import nn

    def between() -> nn.Module:
        return nn.LeakyReLU(0.2) if leaky else nn.ReLU()

    parts: dict[str, nn.Module] = {"first": nn.Linear(inputs, width)}
    if named:
        parts["named"] = nn.EmbeddingBag(named, width, mode="sum")
        bound = (inputs + named) ** -0.5
        for weights in (*parts["first"].parameters(), *parts["named"].parameters()):
            nn.init.uniform_(weights, -bound, bound)
    parts["rest"] = nn.Sequential(
        between(), nn.Linear(width, width), between(), nn.Linear(width, outputs)
    )
    return nn.ModuleDict(parts)


def _through(
    network: torch.nn.ModuleDict, inputs: torch.Tensor, named: torch.Tensor | None
) -> torch.Tensor:
    """The output of a network for inputs and the numbers of what is named."""
    inner = network["first"](inputs)
    if named is not None:
        inner = inner + network["named"](named)
    return network["rest"](inner)


def _outputs(
    drawer: torch.nn.ModuleDict, rows: int, named: torch.Tensor | None, device: torch.device
) -> torch.Tensor:
    """What a network gives for noise and named levels."""
    import torch

    return _through(drawer, torch.randn(rows, NOISE, device=device), named)


def _layers(state: Mapping[str, torch.Tensor]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Plain layers; the first one's inputs are the noise, then what may be named."""
    arrays = {name: value.detach().cpu().numpy().copy() for name, value in state.items()}
    first = arrays["first.weight"]
    if "named.weight" in arrays:
        first = np.hstack([first, arrays["named.weight"].T])
    rest = [(arrays[f"rest.{k}.weight"], arrays[f"rest.{k}.bias"]) for k in (1, 3)]
    return [(first, arrays["first.bias"]), *rest]


def _packed(people: torch.Tensor, pack: int) -> torch.Tensor:
    """People beside each other, as the critic judges them."""
    return people.reshape(len(people) // pack, -1)


def _packed_levels(condition: torch.Tensor | None, channels: int, pack: int) -> torch.Tensor | None:
    """The numbers of what is named of people beside each other."""
    import torch

    if condition is None:
        return None
    places = torch.arange(pack, device=condition.device) * channels
    return condition.reshape(-1, pack) + places


def _critic_loss(
    critic: torch.nn.ModuleDict,
    ours: torch.Tensor,
    others: torch.Tensor,
    levels: torch.Tensor | None,
) -> tuple[float, torch.Tensor]:
    """What the critic tells them apart by, and its loss with the gradient penalty."""
    import torch

    gap = _through(critic, others, levels).mean() - _through(critic, ours, levels).mean()
    share = torch.rand(len(ours), 1, device=ours.device)
    between = (share * ours + (1 - share) * others).requires_grad_(True)
    score = _through(critic, between, levels).sum()
    (slope,) = torch.autograd.grad(score, between, create_graph=True)
    penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
    return float(gap.detach()), gap + PENALTY * penalty


register(ConditionalGan())
register(PlainGan())
