"""A uniform ring buffer on numpy arrays; a sample is five fancy indexings, handed to PyTorch without a copy."""

import numpy as np
import torch


class Replay:
    def __init__(self, capacity, observation_size, seed):
        self.random = np.random.default_rng(seed)
        self.observations = np.zeros((capacity, observation_size), dtype=np.float32)
        self.next_observations = np.zeros((capacity, observation_size), dtype=np.float32)
        self.actions = np.zeros((capacity, 1), dtype=np.int64)
        self.rewards = np.zeros(capacity, dtype=np.float32)
        self.terminated = np.zeros(capacity, dtype=np.float32)
        self.capacity, self.position, self.size = capacity, 0, 0

    def add(self, observation, action, reward, terminated, next_observation):
        i = self.position
        self.observations[i] = observation
        self.actions[i] = action
        self.rewards[i] = reward
        self.terminated[i] = terminated
        self.next_observations[i] = next_observation
        self.position = (i + 1) % self.capacity
        self.size = min(self.size + 1, self.capacity)

    def sample(self, batch):
        i = self.random.integers(0, self.size, size=batch)
        arrays = (self.observations, self.actions, self.rewards, self.terminated, self.next_observations)
        return tuple(torch.from_numpy(array[i]) for array in arrays)
