#!/usr/bin/env python3
"""Trains SimVAE on MNIST in PyTorch with the settings of the `official-code` preset, as a baseline to compare with.

Encoder 784-2000-500-500-20, mirrored decoder, Bernoulli likelihood over exp(-4.6), entropy times 2 pi, Gaussian p(y),
s^2 = 0.15, two views of 64 images a step, Adam with rate 8e-5 and eps 1e-4; views are random resized crops (area 0.4 to 1,
aspect 0.75 to 1.3) and vertical flips, thresholded at one half. Views are made in batches on tensors, so that the step and
not the data loader takes the time.

    python benches/reference/simvae_mnist.py --data-dir DIR --epochs 10 --out FOLDER

Writes {train,test}-{mu,labels}.npy as `wgpu-simvae embed` does; `judges.py` judges both. Prints one JSON line an epoch with
the loss terms per view.
"""

import argparse
import gzip
import json
import math
import pathlib
import time

import numpy
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, grid_sample

LATENT = 10
VIEWS = 2
IMAGES = 64
VARIANCE_X = math.exp(-4.6)
VARIANCE_Z = 0.15
ATTEMPTS = 10


def idx(folder, stem, header):
    """The bytes of an IDX file, plain or gzip, without its header."""
    for path, opener in [(folder / stem, open), (folder / f"{stem}.gz", gzip.open)]:
        if path.exists():
            with opener(path, "rb") as file:
                return numpy.frombuffer(file.read(), dtype=numpy.uint8, offset=header)
    raise SystemExit(f"{folder / stem}: not found, plain or .gz")


def load(folder, part):
    pixels = idx(folder, f"{part}-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28)
    return torch.from_numpy(pixels.astype(numpy.float32) / 255), idx(folder, f"{part}-labels-idx1-ubyte", 8)


def mlp(widths):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def views_of(images, generator):
    """Crops with bilinear sampling and half a pixel's care, then vertical flips and the threshold: [n * VIEWS, 784]."""
    x = images.repeat_interleave(VIEWS, dim=0)
    n, side = len(x), x.shape[-1]
    # torchvision's rule: ten attempts at an area and an aspect, of which the first that fits is taken, else the whole image.
    uniform = lambda low, high: torch.rand(n, ATTEMPTS, generator=generator) * (high - low) + low
    area = side * side * uniform(0.4, 1.0)
    aspect = torch.exp(uniform(math.log(0.75), math.log(1.3)))
    sizes = torch.stack([torch.sqrt(area * aspect), torch.sqrt(area / aspect)], dim=-1).round()
    fits = (sizes <= side).all(dim=-1)
    first = fits.float().argmax(dim=1)
    width, height = torch.where(fits.any(dim=1), sizes[torch.arange(n), first].T, torch.tensor(float(side)))
    left = torch.floor(torch.rand(n, generator=generator) * (side - width + 1))
    top = torch.floor(torch.rand(n, generator=generator) * (side - height + 1))
    steps = (torch.arange(side) + 0.5) / side

    def axis(start, length):
        position = steps * length[:, None]
        inside = position.clamp(min=torch.tensor(0.5), max=(length - 0.5)[:, None])
        return (start[:, None] + inside) / side * 2 - 1

    across, down = axis(left, width), axis(top, height)
    flip = torch.rand(n, generator=generator) < 0.5
    down = torch.where(flip[:, None], down.flip(1), down)
    grid = torch.stack([across[:, None, :].expand(n, side, side), down[:, :, None].expand(n, side, side)], dim=-1)
    return (grid_sample(x, grid, align_corners=False) >= 0.5).float().flatten(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, help="stop after so many steps")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)
    (train, train_labels), (test, test_labels) = load(args.data_dir, "train"), load(args.data_dir, "t10k")
    encoder = mlp([784, 2000, 500, 500, 2 * LATENT])
    decoder = mlp([LATENT, 500, 500, 2000, 784])
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=8e-5, eps=1e-4)
    begin, done = time.perf_counter(), 0
    for epoch in range(1, args.epochs + 1):
        sums, count = torch.zeros(4), 0
        for rows in torch.randperm(len(train), generator=generator).split(IMAGES):
            x = views_of(train[rows], generator)
            mu, logvar = encoder(x).chunk(2, dim=1)
            z = mu + torch.exp(0.5 * logvar) * torch.randn(mu.shape, generator=generator)
            reconstruction = binary_cross_entropy_with_logits(decoder(z), x, reduction="sum") / VARIANCE_X
            grouped = z.view(-1, VIEWS, LATENT)
            mean = grouped.mean(dim=1, keepdim=True)
            prior = 0.5 * (grouped - mean).square().sum() / VARIANCE_Z + 0.5 * mean.square().sum()
            entropy = -0.5 * 2 * math.pi * logvar.sum()
            loss = (reconstruction + prior + entropy) / len(x)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            terms = [reconstruction + prior + entropy, reconstruction, prior, entropy]
            sums += torch.stack([term.detach() for term in terms])
            count, done = count + len(x), done + 1
            if done == args.steps:
                break
        means = dict(zip(["total", "reconstruction", "prior", "entropy"], (sums / count).tolist()))
        print(json.dumps({"epoch": epoch, "seconds": round(time.perf_counter() - begin, 1)} | means), flush=True)
        if done == args.steps:
            break
    args.out.mkdir(parents=True, exist_ok=True)
    for part, images, labels in [("train", train, train_labels), ("test", test, test_labels)]:
        with torch.no_grad():
            mu = torch.cat([encoder((x >= 0.5).float().flatten(1))[:, :LATENT] for x in images.split(1000)])
        numpy.save(args.out / f"{part}-mu.npy", mu.numpy())
        numpy.save(args.out / f"{part}-labels.npy", labels)


if __name__ == "__main__":
    main()
