import numpy as np


class Space:
    def __init__(self, shape=None, dtype=None):
        self.shape = shape
        self.dtype = None if dtype is None else np.dtype(dtype)
        self._random = None

    def seed(self, seed=None):
        self._random = np.random.default_rng(seed)

    @property
    def np_random(self):
        if self._random is None:
            self.seed()
        return self._random

    def __repr__(self):
        return f"{type(self).__name__}({self.shape}, {self.dtype})"

    @classmethod
    def __class_getitem__(cls, _types):
        return cls


class Box(Space):
    def __init__(self, low, high, shape=None, dtype=np.float32):
        if shape is None:
            shape = np.shape(low) or np.shape(high)
        super().__init__(tuple(shape), dtype)
        self.low = np.broadcast_to(np.asarray(low, self.dtype), self.shape).copy()
        self.high = np.broadcast_to(np.asarray(high, self.dtype), self.shape).copy()

    def contains(self, x):
        return isinstance(x, np.ndarray) and x.shape == self.shape and bool(np.all(x >= self.low) and np.all(x <= self.high))

    def __eq__(self, other):
        return isinstance(other, Box) and self.shape == other.shape and self.dtype == other.dtype and np.array_equal(self.low, other.low) and np.array_equal(self.high, other.high)


class Discrete(Space):
    def __init__(self, n, seed=None, start=0, dtype=np.int64):
        super().__init__((), dtype)
        self.n = np.int64(n)
        self.start = np.int64(start)

    def contains(self, x):
        return isinstance(x, (int, np.integer)) and self.start <= x < self.start + self.n

    def sample(self):
        return self.start + self.np_random.integers(self.n)

    def __eq__(self, other):
        return isinstance(other, Discrete) and self.n == other.n and self.start == other.start

    def __repr__(self):
        return f"Discrete({self.n}, start={self.start})"


class MultiDiscrete(Space):
    def __init__(self, nvec, dtype=np.int64, start=None):
        self.nvec = np.array(nvec, dtype=dtype)
        self.start = np.zeros_like(self.nvec) if start is None else np.array(start, dtype=dtype)
        super().__init__(self.nvec.shape, dtype)

    def contains(self, x):
        return isinstance(x, np.ndarray) and x.shape == self.shape and bool(np.all(x >= self.start) and np.all(x < self.start + self.nvec))


class MultiBinary(Space):
    def __init__(self, n):
        super().__init__((n,) if np.isscalar(n) else tuple(n), np.int8)
        self.n = n

    def contains(self, x):
        return isinstance(x, np.ndarray) and x.shape == self.shape and bool(np.all((x == 0) | (x == 1)))


class Tuple(Space):
    def __init__(self, spaces):
        super().__init__()
        self.spaces = tuple(spaces)

    def contains(self, x):
        return isinstance(x, tuple) and len(x) == len(self.spaces) and all(space.contains(part) for space, part in zip(self.spaces, x))


class Dict(Space):
    def __init__(self, spaces):
        super().__init__()
        self.spaces = dict(spaces)

    def contains(self, x):
        return isinstance(x, dict) and x.keys() == self.spaces.keys() and all(space.contains(x[name]) for name, space in self.spaces.items())


class Text(Space):
    def __init__(self, max_length):
        super().__init__((), np.str_)
        self.max_length = max_length
