"""CartPole-v1 in Gymnasium itself, wrapped as CleanRL wraps it, where Gymnasium is installed."""

import numpy as np

try:
    import gymnasium

    version = gymnasium.__version__
except ImportError:
    version = None


class GymnasiumCartPole:
    """One environment in a synchronous vector with episode statistics; stepped and reset like the one in cart_pole.py."""

    def __init__(self, seed):
        make = lambda: gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.make("CartPole-v1"))
        self.environments = gymnasium.vector.SyncVectorEnv([make])
        self.seed = seed

    def reset(self):
        observations, _ = self.environments.reset(seed=self.seed)
        self.seed = None
        return observations[0]

    def step(self, action):
        observations, rewards, terminated, truncated, _ = self.environments.step(np.array([action]))
        return observations[0].copy(), float(rewards[0]), bool(terminated[0]), bool(truncated[0])
