def mlp(*widths):
    layers = OrderedDict(flat=nn.Flatten())
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        if i > 0:
            layers[f"relu{i}"] = nn.ReLU()
        layers[f"{2 * i}"] = nn.Linear(inputs, outputs)
    return nn.Sequential(layers)


def encoder(outputs):
    return mlp(prod(IMAGE), *HIDDEN, outputs)
