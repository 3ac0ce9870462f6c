import numpy as np

from .error import ResetNeeded


class Env:
    metadata = {"render_modes": []}
    render_mode = None
    spec = None
    _np_random = None

    @property
    def unwrapped(self):
        return self

    @property
    def np_random(self):
        if self._np_random is None:
            self._np_random = np.random.default_rng()
        return self._np_random

    def reset(self, *, seed=None, options=None):
        if seed is not None:
            if not isinstance(seed, int) or seed < 0:
                raise ValueError(f"Seed must be a python integer of at least 0, actual: {seed!r}")
            self._np_random = np.random.default_rng(seed)

    def step(self, action):
        raise NotImplementedError

    def render(self):
        raise NotImplementedError

    def close(self):
        pass

    @classmethod
    def __class_getitem__(cls, _types):
        return cls


class Wrapper(Env):
    def __init__(self, env):
        self.env = env
        self.observation_space = env.observation_space
        self.action_space = env.action_space
        self.metadata = env.metadata
        self.render_mode = env.render_mode
        self.spec = env.spec

    @property
    def unwrapped(self):
        return self.env.unwrapped

    def reset(self, *, seed=None, options=None):
        return self.env.reset(seed=seed, options=options)

    def step(self, action):
        return self.env.step(action)

    def render(self):
        return self.env.render()

    def close(self):
        self.env.close()


class TimeLimit(Wrapper):
    """Cuts episodes off, and refuses a step before the first reset."""

    def __init__(self, env, steps):
        super().__init__(env)
        self.steps = steps
        self.taken = None

    def reset(self, *, seed=None, options=None):
        self.taken = 0
        return super().reset(seed=seed, options=options)

    def step(self, action):
        if self.taken is None:
            raise ResetNeeded("Cannot call env.step() before calling env.reset()")
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.taken += 1
        return observation, reward, terminated, truncated or self.taken >= self.steps, info
