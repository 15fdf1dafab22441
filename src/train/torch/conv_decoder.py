def transposed(inputs, outputs, kernel, stride):
    return nn.ConvTranspose2d(inputs, outputs, kernel, stride, kernel // 2, stride - 1, bias=False)


class Up(nn.Module):
    """Two transposed convolutions, of which the first may double the sides, and a shortcut."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv3, self.bn3 = transposed(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs)
        self.conv1, self.bn1 = transposed(outputs, outputs, 3, 1), nn.BatchNorm2d(outputs)
        if stride == 2:
            self.upsample = nn.Sequential(transposed(inputs, outputs, 1, 2), nn.BatchNorm2d(outputs))

    def forward(self, x):
        h = self.bn1(self.conv1(self.bn3(self.conv3(x)).relu()))
        if hasattr(self, "upsample"):
            h = h + self.upsample(x)
        elif EVERY_SHORTCUT:
            h = h + x
        return h.relu()


def decoder():
    seed = (8 * WIDTH, IMAGE[1] // 16, IMAGE[2] // 16)
    layers = OrderedDict(linear=nn.Linear(LATENT, prod(seed)), seed=nn.Unflatten(1, seed))
    for number in (4, 3, 2, 1):
        inputs = WIDTH << (number - 1)
        last = Up(inputs, inputs // 2, stride=2) if number > 1 else Up(inputs, inputs)
        layers[f"layer{number}"] = nn.Sequential(Up(inputs, inputs), last)
    layers["conv1"] = nn.ConvTranspose2d(WIDTH, IMAGE[0], 7, 2, 3, 1)
    return nn.Sequential(layers)
