class Down(nn.Module):
    """ResNet's BasicBlock, whose shortcut is the input or a 1x1 convolution of it."""

    def __init__(self, inputs, outputs, stride=1, project=False):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.downsample = nn.Identity()
        if project:
            projection = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(projection, nn.BatchNorm2d(outputs))

    def forward(self, x):
        h = self.bn1(self.conv1(x)).relu()
        return (self.bn2(self.conv2(h)) + self.downsample(x)).relu()


def stage(inputs, outputs, stride, project=True):
    return nn.Sequential(Down(inputs, outputs, stride, project), Down(outputs, outputs))
