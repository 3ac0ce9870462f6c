"""Makes the fixtures in this folder with PyTorch (Debian's python3-torch): run it here as `python3 make_fixtures.py`.

The modules have the attributes of Stable-Baselines3's DQN (policies.py, torch_layers.py), sb3-contrib's QR-DQN and CleanRL's dqn.py, dqn_atari.py, c51.py and
c51_atari.py, so that their state_dicts have the same names and layouts; the layers are narrower than theirs, so that the files are small. For each network there
is a safetensors file with its state_dict, in half precision where it is a convolutional one, and a JSON file with inputs and outputs.
"""

import json
import struct

import torch
from torch import nn


def save(path, tensors):
    """Writes a safetensors file (github.com/huggingface/safetensors)."""
    types = {torch.float32: "F32", torch.float16: "F16"}
    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": types[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def sequence(*sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return layers[:-1]



def convolutions(channels):
    return [nn.Conv2d(channels, 4, 8, stride=4), nn.ReLU(), nn.Conv2d(4, 6, 4, stride=2), nn.ReLU(), nn.Conv2d(6, 5, 3, stride=1), nn.ReLU(), nn.Flatten()]


HEIGHT, WIDTH, CHANNELS = 44, 52, 2
FEATURES = 5 * 2 * 3  # of images of this size


class NatureCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.cnn = nn.Sequential(*convolutions(CHANNELS))
        self.linear = nn.Sequential(nn.Linear(FEATURES, 7), nn.ReLU())

    def forward(self, x):
        return self.linear(self.cnn(x))


class BaselinesNetwork(nn.Module):
    """QNetwork, or QuantileNetwork where there are quantiles."""

    def __init__(self, name, features, sizes, quantiles):
        super().__init__()
        if features is not None:
            self.features_extractor = features
        self.add_module(name, nn.Sequential(*sequence(*sizes)))
        self.name, self.quantiles, self.actions = name, quantiles, sizes[-1] // quantiles

    def forward(self, x):
        if hasattr(self, "features_extractor"):
            x = self.features_extractor(x / 255.0)
        y = getattr(self, self.name)(x)
        return y.view(-1, self.quantiles, self.actions).mean(dim=1)


class BaselinesPolicy(nn.Module):
    def __init__(self, name, make_features, sizes, quantiles=1):
        super().__init__()
        self.add_module(name, BaselinesNetwork(name, make_features(), sizes, quantiles))
        self.add_module(name + "_target", BaselinesNetwork(name, make_features(), sizes, quantiles))
        self.name = name

    def forward(self, x):
        return getattr(self, self.name)(x)


class CleanNetwork(nn.Module):
    """QNetwork of dqn.py, dqn_atari.py and, where there are atoms, c51.py and c51_atari.py."""

    def __init__(self, layers, images, atoms=None):
        super().__init__()
        if atoms is not None:
            self.register_buffer("atoms", atoms)
        self.network = nn.Sequential(*layers)
        self.images = images

    def forward(self, x):
        y = self.network(x / 255.0 if self.images else x)
        if not hasattr(self, "atoms"):
            return y
        return (torch.softmax(y.view(len(x), -1, len(self.atoms)), dim=2) * self.atoms).sum(2)


def make(name, module, images):
    if images:
        for parameter in module.parameters():
            parameter.data = parameter.data.half().float()
    with torch.no_grad():
        inputs = torch.randint(0, 256, (2, CHANNELS, HEIGHT, WIDTH)) if images else torch.randn(5, 4)
        outputs = module(inputs.float())
    tensors = {key: value.half() if images and key != "atoms" else value for key, value in module.state_dict().items()}
    save(f"{name}.safetensors", tensors)
    with open(f"{name}.json", "w") as file:
        json.dump({"shape": list(inputs.shape), "inputs": inputs.flatten().tolist(), "outputs": outputs.tolist()}, file)
        file.write("\n")


torch.manual_seed(1)
ATOMS = torch.linspace(-5, 10, steps=6)
make("sb3-mlp", BaselinesPolicy("q_net", lambda: None, [4, 9, 8, 3]), False)
make("sb3-cnn", BaselinesPolicy("q_net", NatureCNN, [7, 3]), True)
make("sb3-qrdqn-mlp", BaselinesPolicy("quantile_net", lambda: None, [4, 9, 3 * 5], quantiles=5), False)
make("cleanrl-dqn", CleanNetwork(sequence(4, 12, 8, 2), False), False)
make("cleanrl-dqn-atari", CleanNetwork([*convolutions(CHANNELS), *sequence(FEATURES, 7, 3)], True), True)
make("cleanrl-c51", CleanNetwork(sequence(4, 12, 8, 2 * 6), False, ATOMS), False)
make("cleanrl-c51-atari", CleanNetwork([*convolutions(CHANNELS), *sequence(FEATURES, 7, 3 * 6)], True, ATOMS), True)
