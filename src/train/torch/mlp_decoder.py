def decoder():
    return mlp(LATENT, *reversed(HIDDEN), prod(IMAGE))
