"""Prioritized replay as CleanRL's rainbow_atari.py writes it: a sum tree and a min tree in numpy arrays, walked in Python."""

from time import perf_counter

import numpy as np
import torch


class Tree:
    """A complete binary tree in an array; leaf i is at capacity − 1 + i. The capacity must be a power of two for the whole levels to be built at once."""

    def __init__(self, capacity, join, empty):
        self.capacity, self.join = capacity, join
        self.values = np.full(2 * capacity - 1, empty, dtype=np.float32)

    def fill(self, leaves):
        self.values[self.capacity - 1 : self.capacity - 1 + len(leaves)] = leaves
        for node in range(self.capacity.bit_length() - 2, -1, -1):
            first, count = 2**node - 1, 2**node
            children = self.values[2 * first + 1 : 2 * first + 1 + 2 * count]
            self.values[first : first + count] = self.join(children[0::2], children[1::2])

    def update(self, index, value):
        node = index + self.capacity - 1
        self.values[node] = value
        parent = (node - 1) // 2
        while parent >= 0:
            self.values[parent] = self.combine(self.values[2 * parent + 1], self.values[2 * parent + 2])
            parent = (parent - 1) // 2


class SumTree(Tree):
    def __init__(self, capacity):
        super().__init__(capacity, np.add, 0)

    def combine(self, left, right):
        return left + right

    def retrieve(self, value):
        node = 0
        while 2 * node + 1 < len(self.values):
            left = 2 * node + 1
            if value <= self.values[left]:
                node = left
            else:
                value -= self.values[left]
                node = left + 1
        return node - (self.capacity - 1)


class MinTree(Tree):
    def __init__(self, capacity):
        super().__init__(capacity, np.minimum, np.inf)

    def combine(self, left, right):
        return min(left, right)


class Prioritized:
    def __init__(self, capacity, observation_size, alpha=0.6, beta=0.4, eps=1e-6):
        self.size, self.alpha, self.beta, self.eps = capacity, alpha, beta, eps
        self.max_priority = 1.0
        random = np.random.default_rng(1)
        leaves = 1 << (capacity - 1).bit_length()
        self.sum_tree, self.min_tree = SumTree(leaves), MinTree(leaves)
        priorities = random.random(capacity, dtype=np.float32) ** alpha
        self.sum_tree.fill(priorities)
        self.min_tree.fill(priorities)
        self.observations = random.standard_normal((capacity, observation_size), dtype=np.float32)
        self.next_observations = random.standard_normal((capacity, observation_size), dtype=np.float32)
        self.actions = np.zeros((capacity, 1), dtype=np.int64)
        self.rewards = np.zeros(capacity, dtype=np.float32)
        self.terminated = np.zeros(capacity, dtype=np.float32)

    def sample(self, batch):
        indices = []
        total = self.sum_tree.values[0]
        segment = total / batch
        for i in range(batch):
            indices.append(min(self.sum_tree.retrieve(np.random.uniform(segment * i, segment * (i + 1))), self.size - 1))
        arrays = (self.observations, self.actions, self.rewards, self.terminated, self.next_observations)
        samples = tuple(torch.from_numpy(array[indices]) for array in arrays)
        probabilities = np.array([self.sum_tree.values[i + self.sum_tree.capacity - 1] for i in indices])
        weights = (self.size * probabilities / total) ** -self.beta
        return samples, indices, torch.from_numpy(weights / weights.max())

    def update_priorities(self, indices, errors):
        priorities = np.abs(errors) + self.eps
        self.max_priority = max(self.max_priority, priorities.max())
        for index, priority in zip(indices, priorities):
            raised = priority**self.alpha
            self.sum_tree.update(index, raised)
            self.min_tree.update(index, raised)


class Calls:
    """Times sampling a batch, and telling its errors, each by itself."""

    def __init__(self, capacity, batch, observation_size):
        self.replay, self.batch = Prioritized(capacity, observation_size), batch
        self.errors = np.random.default_rng(3).random(batch, dtype=np.float32)

    def run(self, count):
        sampling = updating = 0.0
        for _ in range(count):
            began = perf_counter()
            _, indices, _ = self.replay.sample(self.batch)
            between = perf_counter()
            self.replay.update_priorities(indices, self.errors)
            sampling += between - began
            updating += perf_counter() - between
        return {"sample": sampling * 1000 / count, "update": updating * 1000 / count, "ms": (sampling + updating) * 1000 / count}
