"""Runs an ONNX model in onnxruntime: MODEL INPUT ROWS, INPUT a file of little-endian numbers of the type that the model takes.

Takes the first ROWS rows of them, prints every number of every output as JSON, with the outputs' shapes and the model's metadata.
"""

import json
import sys

import numpy
import onnxruntime

model, numbers, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
[wanted] = session.get_inputs()
kind = {"tensor(float)": numpy.float32, "tensor(uint8)": numpy.uint8}[wanted.type]
images = numpy.fromfile(numbers, dtype=kind).reshape(-1, *wanted.shape[1:])[:rows]
names = [output.name for output in session.get_outputs()]
results = session.run(names, {wanted.name: images})
outputs = {name: {"shape": result.shape, "numbers": result.ravel().tolist()} for name, result in zip(names, results)}
print(json.dumps({"outputs": outputs, "metadata": session.get_modelmeta().custom_metadata_map}))
