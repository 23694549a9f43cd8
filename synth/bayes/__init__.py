"""The heart: structure, parameters, exact inference and sampling of mixed Bayesian networks."""

from synth.bayes.inference import Marginal, Posterior
from synth.bayes.learning import NetworkLearner, learn
from synth.bayes.network import Network

__all__ = ["Marginal", "Network", "NetworkLearner", "Posterior", "learn"]
