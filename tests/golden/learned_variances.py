"""Golden values of learned variances: needs torch, numpy and safetensors.

    python3 tests/golden/learned_variances.py

writes simvae_learned_N and vae_learned_N beside this file, on the weights, inputs and noise of simvae_gaussian_gaussian_N and vae_N. The
variances are parameters, `likelihood.logvar` and `prior.logvar`; the terms have what of their normalisers depends on these. Everything is
computed in double precision by PyTorch's autograd, the prior of SimVAE's views as the determinant of its covariance.
"""

import json
import pathlib

import torch
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).parent


def mlp(weights, name, x):
    layers = sorted({int(key.split(".")[1]) for key in weights if key.startswith(f"{name}.")})
    for layer in layers:
        x = torch.nn.functional.linear(x, weights[f"{name}.{layer}.weight"], weights[f"{name}.{layer}.bias"])
        x = torch.relu(x) if layer != layers[-1] else x
    return x


def terms(facts, weights, tensors):
    mu, logvar = mlp(weights, "enc", tensors["x"]).chunk(2, dim=1)
    z = mu + (0.5 * logvar).exp() * tensors["eps"]
    logits = mlp(weights, "dec", z)
    pixels = weights["likelihood.logvar"]
    squares = (tensors["x"] - logits.sigmoid()) ** 2
    losses = {"rec_sum": 0.5 * (squares / pixels.exp() + pixels).sum()}
    if facts["case"] == "SimVAE":
        views = facts["J"]
        images = z.reshape(-1, views, z.shape[1])
        mean = images.mean(dim=1, keepdim=True)
        spread = weights["prior.logvar"].exp()
        covariance = spread * torch.eye(views, dtype=z.dtype) + torch.ones(views, views, dtype=z.dtype)
        determinants = images.shape[0] * z.shape[1] * torch.logdet(covariance)
        losses["prior_sum"] = 0.5 * (((images - mean) ** 2).sum() / spread + (mean**2).sum() + determinants)
        losses["entropy_sum"] = -0.5 * logvar.sum()
    else:
        losses["kl_sum"] = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()
    return losses, {"mu": mu, "logvar": logvar, "z": z}


def main():
    for source, name in (("simvae_gaussian_gaussian", "simvae_learned"), ("vae", "vae_learned")):
        for case in (0, 2):
            facts = json.loads((HERE / f"{source}_{case}.json").read_text())
            tensors = {key: value.double() for key, value in load_file(HERE / f"{source}_{case}.safetensors").items()}
            weights = {key: value for key, value in tensors.items() if key.startswith(("enc.", "dec."))}
            weights["likelihood.logvar"] = torch.tensor([-1.375], dtype=torch.float64)
            if facts["case"] == "SimVAE":
                weights["prior.logvar"] = torch.tensor([-0.625], dtype=torch.float64)
            weights = {key: value.requires_grad_() for key, value in weights.items()}
            losses, outputs = terms(facts, weights, tensors)
            total = sum(losses.values()) / tensors["x"].shape[0]
            total.backward()
            facts = {key: facts[key] for key in ("case", "B", "J", "D", "hidden", "L", "recon", "p_y") if key in facts}
            facts["learned_variances"] = True
            facts["losses"] = {"total": total.item(), **{key: value.item() for key, value in losses.items()}}
            (HERE / f"{name}_{case}.json").write_text(json.dumps(facts, indent=1) + "\n")
            kept = {"x": tensors["x"], "eps": tensors["eps"], **weights, **outputs}
            kept |= {f"grad.{key}": value.grad for key, value in weights.items()}
            kept = {key: value.detach().float().contiguous() for key, value in kept.items()}
            save_file(kept, HERE / f"{name}_{case}.safetensors")


if __name__ == "__main__":
    main()
