def encoder(outputs):
    kernel = 4 if min(IMAGE[1:]) >= 64 else 3
    height, width = ((side + 8 - kernel) // 8 for side in IMAGE[1:])  # halved three times, rounded up
    return nn.Sequential(OrderedDict([
        ("0", nn.Conv2d(IMAGE[0], WIDTH, kernel, bias=kernel == 3)),
        ("1", nn.BatchNorm2d(WIDTH)),
        ("2", nn.ReLU()),
        ("3", nn.MaxPool2d(3, 2, 1)),
        ("4", stage(WIDTH, WIDTH // 2, 1)),
        ("5", stage(WIDTH // 2, WIDTH, 2)),
        ("6", stage(WIDTH, 2 * WIDTH, 2)),
        ("head_c", nn.Sequential(nn.Flatten(), nn.Linear(2 * WIDTH * height * width, outputs))),
    ]))
