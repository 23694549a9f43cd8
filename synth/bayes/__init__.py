"""The heart: structure, parameters, exact inference and sampling of mixed Bayesian networks."""

from synth.bayes.inference import Posterior
from synth.bayes.learning import NetworkLearner, learn
from synth.bayes.marginal import Marginal
from synth.bayes.network import Network

__all__ = ["Marginal", "Network", "NetworkLearner", "Posterior", "learn"]
