"""Two whole training loops on CartPole: CleanRL's dqn.py and the RL Zoo's settings, each without logging or wrappers."""

from time import perf_counter

import numpy as np

from cart_pole import CartPole
from dqn import Learner
from gymnasium_cart_pole import GymnasiumCartPole
from replay import Replay


def cleanrl(seed, world="own", start=10_000, end=40_000):
    """CleanRL's dqn.py (500,000 steps in all), timed between two steps: environment steps per second."""
    environment = GymnasiumCartPole(seed) if world == "gymnasium" else CartPole(seed)
    random = np.random.default_rng(seed)
    learner = Learner([4, 120, 84, 2], learning_rate=2.5e-4, loss="mse")
    replay = Replay(10_000, 4, seed)
    observation = environment.reset()
    began = perf_counter()
    for step in range(end):
        if step == start:
            began = perf_counter()
        epsilon = max(0.05, 1 - 0.95 * step / 250_000)
        action = int(random.integers(2)) if random.random() < epsilon else learner.act(observation)
        following, reward, terminated, truncated = environment.step(action)
        replay.add(observation, action, reward, terminated, following)
        observation = environment.reset() if terminated or truncated else following
        if step > 10_000:
            if step % 10 == 0:
                learner.update(*replay.sample(128))
            if step % 500 == 0:
                learner.copy()
    return {"stepsPerSecond": (end - start) / (perf_counter() - began)}


def zoo(seed, steps=50_000):
    """The RL Zoo's CartPole run: 128 updates after every 256 steps. Seconds, and the greedy return of 20 episodes afterwards."""
    environment, random = CartPole(seed), np.random.default_rng(seed)
    learner = Learner([4, 256, 256, 2], learning_rate=2.3e-3, loss="huber", clip=10)
    replay = Replay(100_000, 4, seed)
    observation = environment.reset()
    began = perf_counter()
    for step in range(1, steps + 1):
        epsilon = max(0.04, 1 - 0.96 * step / (0.16 * steps))
        explores = step <= 1_000 or random.random() < epsilon
        action = int(random.integers(2)) if explores else learner.act(observation)
        following, reward, terminated, truncated = environment.step(action)
        replay.add(observation, action, reward, terminated, following)
        observation = environment.reset() if terminated or truncated else following
        if step % 10 == 0:
            learner.copy()
        if step % 256 == 0 and step > 1_000:
            for _ in range(128):
                learner.update(*replay.sample(64))
    seconds = perf_counter() - began

    returns, test = [], CartPole(1_000_000 + seed)
    for _ in range(20):
        observation, ended, total = test.reset(), False, 0
        while not ended:
            observation, reward, terminated, truncated = test.step(learner.act(observation))
            total += reward
            ended = terminated or truncated
        returns.append(total)
    return {"seconds": seconds, "meanReturn": float(np.mean(returns))}
