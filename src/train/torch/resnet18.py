def encoder(outputs):
    large = min(IMAGE[1:]) >= 64
    kernel, stride = (7, 2) if large else (3, 1)
    return nn.Sequential(OrderedDict(
        conv1=nn.Conv2d(IMAGE[0], WIDTH, kernel, stride, kernel // 2, bias=False),
        bn1=nn.BatchNorm2d(WIDTH),
        relu=nn.ReLU(),
        maxpool=nn.MaxPool2d(3, 2, 1) if large else nn.Identity(),
        layer1=stage(WIDTH, WIDTH, 1, project=False),
        layer2=stage(WIDTH, 2 * WIDTH, 2),
        layer3=stage(2 * WIDTH, 4 * WIDTH, 2),
        layer4=stage(4 * WIDTH, 8 * WIDTH, 2),
        mean=nn.AdaptiveAvgPool2d(1),
        flat=nn.Flatten(),
        fc=nn.Linear(8 * WIDTH, outputs),
    ))
