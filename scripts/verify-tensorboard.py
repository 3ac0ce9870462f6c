"""Reads the event files of a folder with TensorBoard's own code and prints what they hold as JSON, for verify-tensorboard.ts."""

import contextlib
import io
import json
import sys

from tensorboard import version
from tensorboard.backend.event_processing import event_file_inspector, plugin_event_accumulator
from tensorboard.backend.event_processing.directory_watcher import DirectoryWatcher
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.backend.event_processing.io_wrapper import IsTensorFlowEventsFile
from tensorboard.util import tensor_util

folder = sys.argv[1]
events = list(DirectoryWatcher(folder, EventFileLoader, IsTensorFlowEventsFile).Load())
# No limit on what is kept of a tag.
accumulator = plugin_event_accumulator.EventAccumulator(folder, tensor_size_guidance={"scalars": 0, "histograms": 0, "images": 0, "text": 0})
accumulator.Reload()


def plain(plugin, tensor):
    array = tensor_util.make_ndarray(tensor)
    if plugin == "images":
        width, height, *pictures = array.tolist()
        return [int(width), int(height), *[picture.hex() for picture in pictures]]
    return [text.decode() for text in array.tolist()] if array.dtype == object else array.tolist()


read = {}
for plugin in accumulator.ActivePlugins():
    read[plugin] = {
        tag: [[event.step, plain(plugin, event.tensor_proto)] for event in accumulator.Tensors(tag)]
        for tag in accumulator.PluginTagToContent(plugin)
    }
with contextlib.redirect_stdout(io.StringIO()) as inspected:
    event_file_inspector.inspect(folder)
print(json.dumps({"version": version.VERSION, "events": len(events), "read": read, "inspected": inspected.getvalue()}))
