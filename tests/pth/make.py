"""Makes the files beside it: what people save with torch.save. `python make.py` with torch; tests/it/pth.rs reads them.

Weights have values that half precision holds: element i of a tensor is ((7 i + number) % 17 - 8) / 8, its number counted from 0 in the
order of the names below. torchvision's names and shapes stand here as its ResNet-18 has them.
"""

import argparse
import os
import pickle
import zipfile
from collections import OrderedDict
from math import prod
from pathlib import Path

import torch

here = Path(__file__).parent
WIDTHS = {"enc": [192, 8, 6], "dec": [3, 8, 192]}
NAMES = [f"{net}.{layer}.{kind}" for net in WIDTHS for layer in (0, 2) for kind in ("weight", "bias")]


def values(number, shape, dtype=torch.float32):
    index = torch.arange(prod(shape), dtype=torch.float64)
    return (((7 * index + number) % 17 - 8) / 8).reshape(shape).to(dtype)


def shape(name):
    net, layer, kind = name.split(".")
    inputs, outputs = WIDTHS[net][int(layer) // 2 :][:2]
    return (outputs, inputs) if kind == "weight" else (outputs,)


def transposed(tensor):
    """The same numbers, which lie column by column."""
    return tensor.t().contiguous().t()


# Half precision, as many files are; one column by column, one a parameter.
plain = OrderedDict((name, values(i, shape(name), torch.bfloat16)) for i, name in enumerate(NAMES))
plain["enc.0.weight"] = transposed(plain["enc.0.weight"])
plain["dec.0.bias"] = torch.nn.Parameter(plain["dec.0.bias"])
torch.save(plain, here / "plain.pth", pickle_protocol=4)

# As Lightning saves: within other things, some of classes that are not here, behind a wrapper's prefix, all of one storage.
flat = torch.cat([torch.zeros(5)] + [values(i, (prod(shape(name)),)) for i, name in enumerate(NAMES)]).half()
views, at = OrderedDict(), 5
for name in NAMES:
    count = prod(shape(name))
    views[f"module.{name}"] = flat[at : at + count].view(shape(name))
    at += count
momentum = {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1e-3, "params": [0, 1]}]}
torch.save(
    {
        "epoch": 7,
        "callbacks": {"best": torch.tensor(0.5)},
        "hyper_parameters": argparse.Namespace(lr=1e-3, path=Path("/data")),
        "optimizer_states": [momentum],
        "state_dict": views,
    },
    here / "lightning.pth",
)


def resnet18():
    """Names and shapes of torchvision's resnet18, in their order."""

    def norm(name, width):
        return [(f"{name}.{part}", (width,)) for part in ("weight", "bias", "running_mean", "running_var")]

    found = [("conv1.weight", (64, 3, 7, 7)), *norm("bn1", 64)]
    inputs = 64
    for stage in (1, 2, 3, 4):
        outputs = 32 << stage
        for block in (0, 1):
            name = f"layer{stage}.{block}"
            found += [(f"{name}.conv1.weight", (outputs, inputs, 3, 3)), *norm(f"{name}.bn1", outputs)]
            found += [(f"{name}.conv2.weight", (outputs, outputs, 3, 3)), *norm(f"{name}.bn2", outputs)]
            if inputs != outputs:
                found += [(f"{name}.downsample.0.weight", (outputs, inputs, 1, 1))]
                found += norm(f"{name}.downsample.1", outputs)
            inputs = outputs
    return found + [("fc.weight", (1000, 512)), ("fc.bias", (1000,))]


# Its 45 MB are one number for each tensor here, which all elements share: tensor i has (i + 1) / 64 everywhere.
numbers = ((torch.arange(len(resnet18())) + 1) / 64).half()
resnet = OrderedDict((name, numbers[i].expand(shape)) for i, (name, shape) in enumerate(resnet18()))
resnet["bn1.num_batches_tracked"] = torch.tensor(9)
torch.save(resnet, here / "resnet18.pth")

# What is not read.
torch.save(plain, here / "legacy.pt", _use_new_zipfile_serialization=False)
torch.save(torch.nn.Linear(2, 1), here / "module.pt")
torch.save([torch.zeros(2)], here / "list.pt")


class Command:
    def __reduce__(self):
        return os.system, ("touch executed",)


with zipfile.ZipFile(here / "command.pth", "w") as archive:
    archive.writestr("archive/data.pkl", pickle.dumps({"enc.0.weight": Command()}, protocol=2))
    archive.writestr("archive/version", "3\n")
