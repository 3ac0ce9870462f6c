"""Writes minari.hdf5 and d4rl.hdf5 beside itself with h5py, as Minari and D4RL lay out their files: two episodes, of two steps and of one."""
import pathlib

import h5py
import numpy as np

folder = pathlib.Path(__file__).parent
EPISODES = [
    dict(observations=[[0, 1], [1, 2], [2, 3]], actions=[1, 2], rewards=[0.5, 1], terminations=[False, True], truncations=[False, False]),
    dict(observations=[[5, 6], [6, 7]], actions=[0], rewards=[-2], terminations=[False], truncations=[True]),
]
TYPES = dict(observations=np.float32, actions=np.int64, rewards=np.float64, terminations=bool, truncations=bool)

with h5py.File(folder / "minari.hdf5", "w") as file:
    file.attrs["total_episodes"] = 2
    file.attrs["total_steps"] = 3
    for number, episode in enumerate(EPISODES):
        group = file.create_group(f"episode_{number}")
        group.attrs["id"] = number
        group.attrs["seed"] = 7
        group.attrs["total_steps"] = len(episode["actions"])
        for name, values in episode.items():
            group.create_dataset(name, data=np.array(values, dtype=TYPES[name]), compression="gzip" if name == "actions" else None)
        group.create_group("infos")

with h5py.File(folder / "d4rl.hdf5", "w") as file:
    file["observations"] = np.array([[0, 1], [1, 2], [5, 6], [6, 7]], dtype=np.float32)
    file["actions"] = np.array([1, 2, 0, 1], dtype=np.int32)
    file["rewards"] = np.array([0.5, 1, -2, 3], dtype=np.float32)
    file["terminals"] = np.array([False, True, False, False])
    file["timeouts"] = np.array([False, False, False, True])
