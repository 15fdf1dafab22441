#!/usr/bin/env python3
"""Writes table.safetensors and cuts.safetensors: pixels that torchvision makes with fixed parameters, for tests/it/torchvision.rs.

Each case is one image with the words of its crop and flips and the eight numbers of its effects (the layouts of
src/kernels/augment/sample.rs and src/kernels/common/effects.rs), and what torchvision's functional API makes of it on a float
tensor: resized_crop with antialiasing, flips, the four adjust_* in the case's order, rgb_to_grayscale, gaussian_blur,
solarize. In cuts.safetensors are views of pictures of another size, by resized_crop with antialiasing alone. Run by hand:

    pip install torch torchvision safetensors numpy
    python tests/torchvision/make_table.py
"""

from pathlib import Path

import numpy as np
import torch
import torchvision
from safetensors.numpy import save_file
from torchvision.transforms import functional as F

SIDE = 14
BLUR_KERNEL = 5
SOLARISE_THRESHOLD = 0.5  # between the bytes 127 and 128, so that rounding decides nothing
NONE = {"box": (0, 0, SIDE, SIDE), "flips": 0, "order": (0, 1, 2, 3), "factors": (1, 1, 1, 0), "grey": 0, "sigma": 0, "solarise": 0}
ADJUST = [F.adjust_brightness, F.adjust_contrast, F.adjust_saturation, F.adjust_hue]


def pictures(channels):
    """A smooth picture, noise, and the corners of the colour cube with greys between them, as bytes."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    ramp = np.stack([16 * x, 16 * y, 8 * (x + y)])
    generator = np.random.default_rng(4)
    noise = generator.integers(0, 256, (3, SIDE, SIDE))
    corners = np.stack([255 * ((x // 2) >> bit & 1) for bit in range(3)])
    corners = np.where(y % 4 == 3, 16 * x, corners)
    return [picture[:channels].astype(np.uint8) for picture in (ramp, noise, corners)]


def cases():
    """Each operation alone, at its ends and within; then all together in every order that matters."""
    for box in [(0, 0, 14, 14), (3, 1, 10, 9), (0, 5, 14, 7), (7, 0, 1, 14), (6, 6, 7, 7), (2, 1, 10, 13)]:
        for flips in range(4):
            yield {"box": box, "flips": flips}
    for factor in (0, 0.2, 0.75, 1.3, 1.8):
        for operation in range(3):
            yield {"factors": tuple(factor if i == operation else 1 for i in range(3)) + (0,)}
    for hue in (-0.5, -0.2, -0.05, 0.01, 0.1, 0.2, 0.37, 0.5):
        yield {"factors": (1, 1, 1, hue)}
    yield {"grey": 1}
    for sigma in (0.1, 0.5, 1.0, 2.0):
        yield {"sigma": sigma}
    yield {"solarise": 1}
    orders = [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2), (2, 3, 0, 1), (1, 3, 0, 2), (3, 0, 2, 1), (0, 2, 3, 1), (2, 1, 3, 0)]
    strong, weak = (1.7, 0.3, 1.6, -0.18), (0.4, 1.75, 0.25, 0.15)
    for i, order in enumerate(orders):
        for factors in (strong, weak):
            yield {"order": order, "factors": factors}
        yield {
            "box": (i % 4, i % 3, 14 - i, 9 + i % 4),
            "flips": i % 4,
            "order": order,
            "factors": strong if i % 2 else weak,
            "grey": int(i % 4 == 3),
            "sigma": 0.3 * i,
            "solarise": int(i % 3 == 1),
        }


def render(picture, case):
    """What torchvision makes of the bytes [channels, side, side]."""
    x = torch.from_numpy(picture).float() / 255
    left, top, width, height = case["box"]
    x = F.resized_crop(x, top, left, height, width, [SIDE, SIDE], antialias=True)
    if case["flips"] & 1:
        x = F.hflip(x)
    if case["flips"] & 2:
        x = F.vflip(x)
    for operation in case["order"]:
        factor = case["factors"][operation]
        if factor != NONE["factors"][operation]:
            x = ADJUST[operation](x, factor)
    if case["grey"]:
        x = F.rgb_to_grayscale(x, num_output_channels=len(picture))
    if case["sigma"] > 0:
        x = F.gaussian_blur(x, [BLUR_KERNEL, BLUR_KERNEL], [case["sigma"], case["sigma"]])
    if case["solarise"]:
        x = F.solarize(x, SOLARISE_THRESHOLD)
    return x.numpy()


def table(channels):
    """Pixels, views, effects and expected views for images of so many channels."""
    images = pictures(channels)
    views, effects, expected = [], [], []
    for number, changes in enumerate(cases()):
        case = NONE | changes
        # Every case on two of the three pictures keeps the table small.
        for image in {number % 3, (number + 1) % 3}:
            views.append([image, *case["box"], case["flips"], 0, 0])
            order = sum(operation << 2 * place for place, operation in enumerate(case["order"]))
            effects.append([*case["factors"], order, case["grey"], case["sigma"], case["solarise"]])
            expected.append(render(images[image], case))
    # In 16 bits: the rounding, 1 / 131,070, is far below the 1 / 255 that is asked for.
    return {
        f"pixels{channels}": np.stack(images),
        f"views{channels}": np.array(views, np.uint32),
        f"effects{channels}": np.array(effects, np.float32),
        f"expected{channels}": np.round(65535 * np.stack(expected)).astype(np.uint16),
    }


# Channels, height and width of pictures, and height and width of views.
CUTS = [((1, 64, 64), (32, 32)), ((3, 41, 33), (16, 16)), ((1, 29, 31), (7, 11)), ((1, 5, 3), (9, 8)), ((1, 31, 1), (1, 1)), ((3, 1, 1), (2, 3))]


def cuts(number):
    """Noise, views that are boxes and flips of it, and what torchvision makes of them."""
    (channels, height, width), size = CUTS[number]
    generator = np.random.default_rng(number)
    images = generator.integers(0, 256, (2, channels, height, width)).astype(np.uint8)
    images[1] = 255 * (images[1] > 127)
    views, expected = [], []
    for i in range(12):
        # The whole, then any part of it, from one pixel on.
        h = int(generator.integers(1, height + 1)) if i > 1 else height
        w = int(generator.integers(1, width + 1)) if i > 1 else width
        top, left = int(generator.integers(0, height - h + 1)), int(generator.integers(0, width - w + 1))
        x = torch.from_numpy(images[i % 2]).double() / 255
        x = F.resized_crop(x, top, left, h, w, list(size), antialias=True)
        x = F.hflip(x) if i & 4 else x
        x = F.vflip(x) if i & 8 else x
        views.append([i % 2, left, top, w, h, i // 4, 0, 0])
        expected.append(np.round(65535 * x.numpy()).astype(np.uint16))
    tensors = {"pixels": images, "views": np.array(views, np.uint32), "expected": np.stack(expected)}
    return {f"{name}{number}": tensor for name, tensor in tensors.items()}


def main():
    metadata = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    all_cuts = {name: tensor for number in range(len(CUTS)) for name, tensor in cuts(number).items()}
    for name, tensors in {"table": table(1) | table(3), "cuts": all_cuts}.items():
        path = Path(__file__).with_name(f"{name}.safetensors")
        save_file(tensors, path, metadata)
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
