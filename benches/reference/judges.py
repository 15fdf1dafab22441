#!/usr/bin/env python3
"""Compares the judges of `wgpu-simvae eval` with scikit-learn's and PyTorch's on the same embeddings.

    wgpu-simvae eval RUN --predictions && wgpu-simvae embed RUN
    python benches/reference/judges.py RUN            # our verdict beside theirs
    python benches/reference/judges.py --only FOLDER  # theirs alone, of any folder of {train,test}-{mu,labels}.npy

Needs numpy, scipy, scikit-learn, torch and safetensors.
"""

import argparse
import json
import pathlib

import numpy
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score, confusion_matrix, normalized_mutual_info_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors


def matched(labels, clusters):
    """Accuracy after the Hungarian matching."""
    table = confusion_matrix(labels, clusters)
    rows, columns = linear_sum_assignment(-table)
    return table[rows, columns].sum() / len(labels)


def linear_probe(train, train_labels, test, test_labels, epochs, seed, hidden=0):
    """A linear layer, or an MLP with one hidden layer, trained with Adam at 3e-4 in batches of 128: last and best accuracy."""
    torch.manual_seed(seed)
    classes = int(train_labels.max()) + 1
    width = train.shape[1]
    model = torch.nn.Linear(width, classes)
    if hidden:
        model = torch.nn.Sequential(torch.nn.Linear(width, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, classes))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-4)
    x, y = torch.from_numpy(train), torch.from_numpy(train_labels.astype(numpy.int64))
    asked, truth = torch.from_numpy(test), torch.from_numpy(test_labels.astype(numpy.int64))
    accuracies = []
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(128):
            loss = torch.nn.functional.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            accuracies.append((model(asked).argmax(dim=1) == truth).float().mean().item())
    return accuracies[-1], max(accuracies)


def ties(train, query, labels, k, metric, ours, theirs):
    """Whether two different answers are both right: equally many votes, or equally near k-th and (k+1)-th neighbours."""
    distances, indices = NearestNeighbors(n_neighbors=k + 1, metric=metric).fit(train).kneighbors(query[None])
    votes = numpy.bincount(labels[indices[0, :k]], minlength=256)
    edge = abs(distances[0, k] - distances[0, k - 1]) <= 1e-6 * max(distances[0, k], 1e-12)
    return votes[ours] == votes[theirs] or edge


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--only", action="store_true", help="the folder holds embeddings without a verdict of ours")
    parser.add_argument("--epochs", type=int, help="epochs of the probes [default: those of the verdict, or 200]")
    args = parser.parse_args()
    folder = args.run if args.only else args.run / "embeddings"
    load = lambda name: numpy.load(folder / f"{name}.npy")
    train, train_labels, test, test_labels = map(load, ["train-mu", "train-labels", "test-mu", "test-labels"])
    ours = None if args.only else json.loads((args.run / "eval.json").read_text())
    content = ours and ours["verdict"]["content"]
    epochs = args.epochs or (ours["judges"]["probe_epochs"] if ours else 200)

    def show(what, theirs, mine=None):
        print(f"{what:44} {theirs:.4f}" + ("" if mine is None else f"   ours {mine:.4f}   difference {mine - theirs:+.5f}"))

    for name, key, hidden in [("linear", "linear", 0), ("MLP", "mlp", train.shape[1])]:
        last, best = linear_probe(train, train_labels, test, test_labels, epochs, 0, hidden)
        show(f"{name} probe in PyTorch, {epochs} epochs, last", last, content and content[key]["last"])
        show(f"{name} probe in PyTorch, {epochs} epochs, best", best, content and content[key]["best"])
    exact = LogisticRegression(C=1e6, max_iter=2000).fit(train, train_labels).score(test, test_labels)
    show("logistic regression to convergence", exact)

    predictions = None
    if ours:
        from safetensors.numpy import load_file

        predictions = load_file(args.run / "predictions.safetensors")
    for metric in ["euclidean", "cosine"]:
        k = content[f"knn_{metric}"]["k"] if content else 5
        known = KNeighborsClassifier(n_neighbors=k, metric=metric, algorithm="brute").fit(train, train_labels)
        found = known.predict(test)
        show(f"k-NN, {metric}, k = {k}", (found == test_labels).mean(), content and content[f"knn_{metric}"]["accuracy"])
        if predictions:
            mine = predictions[f"knn.{metric}"]
            differ = numpy.flatnonzero(mine != found)
            excused = sum(ties(train, test[i], train_labels, k, metric, mine[i], found[i]) for i in differ)
            print(f"{'':44} {len(differ)} of {len(found)} predictions differ, {excused} of them ties")

    if predictions and len(predictions["gmm"]):
        clusters = predictions["gmm"]
        gmm = content["gmm"]
        show("our clusters, NMI by scikit-learn", normalized_mutual_info_score(test_labels, clusters), gmm["nmi"])
        show("our clusters, ARI by scikit-learn", adjusted_rand_score(test_labels, clusters), gmm["ari"])
        show("our clusters, Hungarian accuracy by SciPy", matched(test_labels, clusters), gmm["accuracy"])
    mixture = GaussianMixture(len(numpy.unique(test_labels)), n_init=20, random_state=0).fit(train)
    clusters = mixture.predict(test)
    show("scikit-learn's mixture, Hungarian accuracy", matched(test_labels, clusters), content and content["gmm"] and content["gmm"]["accuracy"])
    show("scikit-learn's mixture, NMI", normalized_mutual_info_score(test_labels, clusters), content and content["gmm"] and content["gmm"]["nmi"])


if __name__ == "__main__":
    main()
