#!/usr/bin/env python3
"""Times one SimVAE training step (and, with --views, the making of one view) in PyTorch.

The peer of `cargo bench`: the MLP 784-2000-500-500-2L with its mirrored decoder, L = 10, in f32 or with --autocast. One step is forward,
SimVAE loss (Bernoulli likelihood, entropy, J-view prior), backward and Adam. Prints one JSON line per size.

    python benches/pytorch_step.py                     # CPU, two threads
    python benches/pytorch_step.py --device cuda --tf32 --compile --graph
    python benches/pytorch_step.py --views
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

LATENT = 10
VIEWS = 2
LIKELIHOOD_VARIANCE = 0.01
PRIOR_VARIANCE = 0.15
LOSS_SCALE = 8.0


def mlp(widths):
    """Linear layers of the given widths, with ReLU between them and none after the last."""
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class SimVae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = mlp([784, 2000, 500, 500, 2 * LATENT])
        self.decoder = mlp([LATENT, 500, 500, 2000, 784])

    def forward(self, x):
        """The loss per image of x: [images * VIEWS, 784], the views of an image in neighbouring rows."""
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        logits = self.decoder(z)
        likelihood = binary_cross_entropy_with_logits(logits, x, reduction="sum") / LIKELIHOOD_VARIANCE
        entropy = -0.5 * logvar.sum()
        grouped = z.view(-1, VIEWS, LATENT)
        spread = grouped - grouped.mean(dim=1, keepdim=True)
        prior = 0.5 * spread.square().sum() / PRIOR_VARIANCE
        return (likelihood + entropy + prior) / grouped.shape[0]


def norm_unit(conv, relu=True):
    """A convolution, its batch normalisation and, if wanted, a ReLU."""
    return nn.Sequential(conv, nn.BatchNorm2d(conv.out_channels), nn.ReLU() if relu else nn.Identity())


class EncoderBlock(nn.Module):
    """ResNet's BasicBlock; the shortcut is the input or its 1x1 convolution."""

    def __init__(self, inputs, outputs, stride, project):
        super().__init__()
        self.first = norm_unit(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False))
        self.second = norm_unit(nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), relu=False)
        shortcut = norm_unit(nn.Conv2d(inputs, outputs, 1, stride, bias=False), relu=False)
        self.shortcut = shortcut if project else nn.Identity()

    def forward(self, x):
        return torch.relu(self.second(self.first(x)) + self.shortcut(x))


class DecoderBlock(nn.Module):
    """Two transposed convolutions; only the block that upsamples has a shortcut."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = norm_unit(nn.ConvTranspose2d(inputs, outputs, 3, stride, 1, stride - 1, bias=False))
        self.second = norm_unit(nn.ConvTranspose2d(outputs, outputs, 3, 1, 1, bias=False), relu=False)
        self.shortcut = None
        if stride > 1:
            self.shortcut = norm_unit(nn.ConvTranspose2d(inputs, outputs, 1, stride, 0, stride - 1, bias=False), False)

    def forward(self, x):
        y = self.second(self.first(x))
        return torch.relu(y if self.shortcut is None else y + self.shortcut(x))


class ConvSimVae(nn.Module):
    """SimVAE with the authors' convolutional networks for 32 x 32 x 3."""

    latent = 64

    def __init__(self):
        super().__init__()
        blocks = []
        inputs = 64
        for stage, outputs in enumerate([32, 64, 128]):
            blocks += [EncoderBlock(inputs, outputs, 2 if stage else 1, True), EncoderBlock(outputs, outputs, 1, False)]
            inputs = outputs
        stem = norm_unit(nn.Conv2d(3, 64, 3))
        self.encoder = nn.Sequential(
            stem, nn.MaxPool2d(3, 2, 1), *blocks, nn.Flatten(), nn.Linear(2048, 2 * self.latent)
        )
        blocks = []
        for inputs, outputs in [(512, 256), (256, 128), (128, 64), (64, 64)]:
            blocks += [DecoderBlock(inputs, inputs, 1), DecoderBlock(inputs, outputs, 1 if inputs == outputs else 2)]
        self.decoder = nn.Sequential(
            nn.Linear(self.latent, 2048),
            nn.Unflatten(1, (512, 2, 2)),
            *blocks,
            nn.ConvTranspose2d(64, 3, 7, 2, 3, 1),
            nn.Flatten(),
        )

    def forward(self, x):
        """The loss per image of x: [images * VIEWS, 3, 32, 32], the views of an image in neighbouring rows."""
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        pictures = torch.sigmoid(self.decoder(z))
        likelihood = 0.5 * (x.flatten(1) - pictures).square().sum() / LIKELIHOOD_VARIANCE
        entropy = -0.5 * logvar.sum()
        grouped = z.view(-1, VIEWS, self.latent)
        spread = grouped - grouped.mean(dim=1, keepdim=True)
        prior = 0.5 * spread.square().sum() / PRIOR_VARIANCE
        return (likelihood + entropy + prior) / grouped.shape[0]


def images(model, rows, device):
    """Random pixels in the shape that the model takes."""
    shape = (3, 32, 32) if isinstance(model, ConvSimVae) else (784,)
    return torch.rand(rows, *shape, device=device)


def training_step(model, rows, args):
    """A function that trains `model` by one step on random pixels: forward, backward and Adam."""
    x = images(model, rows, args.device)
    on_cuda = args.device == "cuda"
    optimizer = torch.optim.Adam(model.parameters(), lr=8e-5, eps=1e-4, fused=on_cuda, capturable=on_cuda)
    loss_of = torch.compile(model) if args.compile else model

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(args.device, torch.float16, enabled=args.autocast):
            loss = loss_of(x)
        # A constant for a loss scale, which takes no time to adapt.
        (loss * LOSS_SCALE if args.autocast else loss).backward()
        optimizer.step()

    return captured(step) if args.graph else step


def captured(step):
    """`step` as one CUDA graph: its kernels are recorded once and replayed without Python."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def timed_steps(step, args):
    """Milliseconds of each of args.repeats steps after args.warmup untimed ones."""
    for _ in range(args.warmup):
        step()
    times = []
    for _ in range(args.repeats):
        if args.device == "cuda":
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            step()
            end.record()
            end.synchronize()
            times.append(begin.elapsed_time(end))
        else:
            begin = time.perf_counter()
            step()
            times.append((time.perf_counter() - begin) * 1e3)
    return times


def pipelined_ms(step, args):
    """Mean milliseconds of a step when the host never waits between steps (CUDA only)."""
    for count in (args.warmup, args.repeats):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for _ in range(count):
            step()
        torch.cuda.synchronize()
    return (time.perf_counter() - begin) * 1e3 / args.repeats


def view_pipelines():
    """PIL images and the transforms that make their views: name, (height, width, channels), transform."""
    from torchvision import transforms

    def crop(side, low):
        return [transforms.RandomResizedCrop(side, scale=(low, 1.0), ratio=(0.75, 1.3)), transforms.RandomVerticalFlip()]

    jitter = [transforms.ColorJitter(0.8, 0.8, 0.8, 0.2)]
    grey, colour = (28, 28), (32, 32, 3)
    for name, shape, steps in [
        ("28x28 grey: crop, flip", grey, crop(28, 0.4)),
        ("32x32 colour: crop, flip", colour, crop(32, 0.6)),
        ("32x32 colour: crop, flip, jitter", colour, crop(32, 0.6) + jitter),
        ("32x32 colour: enlarge to 256, jitter, crop, flip", colour, [transforms.Resize(256)] + jitter + crop(32, 0.6)),
    ]:
        yield name, shape, transforms.Compose(steps + [transforms.ToTensor()])


def timed_views(shape, view, args):
    """Microseconds per view of PIL images, in one process."""
    from PIL import Image

    pixels = torch.randint(0, 256, (256, *shape), dtype=torch.uint8).numpy()
    images = [Image.fromarray(p) for p in pixels]
    times = []
    for _ in range(args.repeats):
        begin = time.perf_counter()
        for image in images:
            view(image)
        times.append((time.perf_counter() - begin) * 1e6 / len(images))
    return times


def summary(times, **labels):
    """One JSON line: the labels, then the median, minimum and maximum of the times."""
    figures = {"median": statistics.median(times), "min": min(times), "max": max(times)}
    print(json.dumps(labels | {name: round(value, 4) for name, value in figures.items()}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--rows", type=int, nargs="+", default=[128, 1280], help="views per step")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--tf32", action="store_true", help="let CUDA products and convolutions round their inputs to TF32")
    parser.add_argument("--compile", action="store_true", help="torch.compile the model and its loss")
    parser.add_argument("--autocast", action="store_true", help="products in half precision, as `precision=mixed`")
    parser.add_argument("--graph", action="store_true", help="replay the whole step as one CUDA graph")
    parser.add_argument("--conv", action="store_true", help="the authors' convolutional networks, 32 x 32 x 3")
    parser.add_argument("--views", action="store_true", help="time torchvision's augmentation instead")
    args = parser.parse_args()
    if any(rows <= 0 or rows % VIEWS for rows in args.rows):
        parser.error(f"--rows must be positive multiples of {VIEWS}")
    if args.graph and args.device != "cuda":
        parser.error("--graph needs --device cuda")
    if min(args.warmup, args.repeats) < 1:
        parser.error("--warmup and --repeats must be at least 1")

    torch.set_num_threads(args.threads)
    torch.set_float32_matmul_precision("high" if args.tf32 else "highest")
    torch.backends.cudnn.allow_tf32 = args.tf32
    torch.backends.cudnn.benchmark = True
    if args.views:
        for name, shape, view in view_pipelines():
            times = timed_views(shape, view, args)
            summary(times, what="torchvision view", pipeline=name, unit="us", torch=torch.__version__)
        return
    for rows in args.rows:
        torch.manual_seed(0)
        model = (ConvSimVae if args.conv else SimVae)().to(args.device)
        labels = {
            "what": "pytorch step",
            "networks": "official-conv" if args.conv else "mlp",
            "device": torch.cuda.get_device_name() if args.device == "cuda" else f"cpu, {args.threads} threads",
            "torch": torch.__version__,
            "tf32": args.tf32,
            "autocast": args.autocast,
            "compile": args.compile,
            "graph": args.graph,
            "rows": rows,
            "unit": "ms",
        }
        step = training_step(model, rows, args)
        times = timed_steps(step, args)
        if args.device == "cuda":
            labels["pipelined_mean"] = round(pipelined_ms(step, args), 4)
        summary(times, **labels)


if __name__ == "__main__":
    main()
