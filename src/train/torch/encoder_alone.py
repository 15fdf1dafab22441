class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = encoder(LATENT)

    def encode(self, pixels):
        """The representation, [rows, LATENT], of pixels [rows, *IMAGE] from 0 to 1."""
        return self.enc(prepare(pixels))
