"""CartPole-v1, written from Barto, Sutton and Anderson (1983) with Gymnasium's constants."""

import math

import numpy as np

from . import spaces, vector
from .core import Env


class CartPole(Env):
    metadata = {"render_modes": ["rgb_array"]}

    def __init__(self, render_mode=None, sutton_barto_reward=False):
        self.render_mode = render_mode
        self.sutton_barto_reward = sutton_barto_reward
        high = np.array([4.8, np.inf, 24 * math.pi / 180, np.inf], np.float32)
        self.observation_space = spaces.Box(-high, high)
        self.action_space = spaces.Discrete(2)
        self.state = None

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        low, high = (options or {}).get("low", -0.05), (options or {}).get("high", 0.05)
        self.state = self.np_random.uniform(low, high, 4)
        return self.state.astype(np.float32), {}

    def step(self, action):
        assert self.action_space.contains(action), f"{action!r} ({type(action)}) invalid"
        x, v, angle, spin = self.state
        force = 10.0 if action == 1 else -10.0
        cos, sin = math.cos(angle), math.sin(angle)
        push = (force + 0.05 * spin**2 * sin) / 1.1
        turn = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
        run = push - 0.05 * turn * cos / 1.1
        x, v, angle, spin = x + 0.02 * v, v + 0.02 * run, angle + 0.02 * spin, spin + 0.02 * turn
        self.state = np.array([x, v, angle, spin])
        fell = bool(abs(x) > 2.4 or abs(angle) > 12 * math.pi / 180)
        reward = (-1.0 if fell else 0.0) if self.sutton_barto_reward else 1.0
        return self.state.astype(np.float32), reward, fell, False, {}

    def render(self):
        if self.render_mode != "rgb_array":
            return None
        picture = np.full((40, 60, 3), 255, np.uint8)
        picture[30, min(59, max(0, int(30 + 10 * self.state[0])))] = 0
        return picture


def vector_of_cart_poles(num_envs, autoreset_mode=vector.AutoresetMode.NEXT_STEP, max_episode_steps=500, **kwargs):
    from . import make

    return vector.AsyncVectorEnv([lambda: make("CartPole-v1", max_episode_steps, **kwargs) for _ in range(num_envs)], autoreset_mode)
