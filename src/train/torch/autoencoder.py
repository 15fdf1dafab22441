class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.dec = encoder(2 * LATENT), decoder()

    def encode(self, pixels):
        """Mean and log-variance of q(z | x), each [rows, LATENT], of pixels [rows, *IMAGE] from 0 to 1."""
        return self.enc(prepare(pixels)).chunk(2, dim=1)

    def decode(self, z):
        """Means of the pixels, [rows, *IMAGE] from 0 to 1, of latents [rows, LATENT]."""
        return self.dec(z).reshape(-1, *IMAGE).sigmoid()
