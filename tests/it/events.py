"""Reads the events and the projector's files of a run as TensorBoard does: FOLDER. Prints what it found as JSON."""

import json
import pathlib
import sys

from google.protobuf import text_format
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

folder = pathlib.Path(sys.argv[1])
events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "images": 0})
events.Reload()
tags = events.Tags()
scalars = {tag: [[event.step, event.value] for event in events.Scalars(tag)] for tag in tags["scalars"]}
images = {
    tag: [[event.step, event.width, event.height, len(event.encoded_image_string)] for event in events.Images(tag)]
    for tag in tags["images"]
}
[embedding] = text_format.Parse((folder / "projector_config.pbtxt").read_text(), ProjectorConfig()).embeddings
tensors = [line.split("\t") for line in (folder / embedding.tensor_path).read_text().splitlines()]
metadata = [line.split("\t") for line in (folder / embedding.metadata_path).read_text().splitlines()]
found = {
    "scalars": scalars,
    "images": images,
    "tensors": [[float(cell) for cell in line] for line in tensors],
    "metadata": metadata,
    "sprite": Image.open(folder / embedding.sprite.image_path).size,
    "image": list(embedding.sprite.single_image_dim),
}
print(json.dumps(found))
