"""A model of wgpu-simvae $VERSION in plain PyTorch: $METHOD on $DATA, after $STEP steps.

With torch and safetensors installed, and this file on Python's path:

    import torch
    from model import load

    model = load()  # with weights.safetensors beside this file; load("FILE") takes another one
    with torch.no_grad():
        $USAGE

Representations are those of `wgpu-simvae embed`, up to rounding. The model is an nn.Module as any other.
"""
