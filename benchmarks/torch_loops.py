"""The training steps as one writes them by hand in PyTorch, eager and channels first."""

import math
import random

import torch
import torch_networks as networks
from torch.nn import functional as F


class Loop:
    """An epoch over images held as uint8; a subclass defines `draw` and `update`."""

    losses: tuple[str, ...] = ()

    def __init__(self):
        self.sums, self.count = torch.zeros(len(self.losses)), 0

    def minimize(self, loss, parameters, optimizer):
        optimizer.zero_grad()
        # Only towards this player's weights, as a tape does.
        loss.backward(inputs=parameters)
        optimizer.step()

    def log(self, *losses):
        self.sums += torch.stack([loss.detach() for loss in losses])
        self.count += 1
        return dict(zip(self.losses, (self.sums / self.count).tolist(), strict=True))

    def epoch(self, batches) -> dict[str, float]:
        self.sums.zero_()
        self.count = 0
        for batch in batches:
            logs = self.update(batch, self.draw())
        return logs


def batches(sides: list[torch.Tensor], batch_size: int, steps: int):
    """Shuffled batches of `sides`, uint8 (n, channels, height, width), as floats in [-1, 1]."""
    orders = []
    for images in sides:
        passes = -(-steps * batch_size // len(images))
        orders.append(torch.cat([torch.randperm(len(images)) for _ in range(passes)]))
    for start in range(0, steps * batch_size, batch_size):
        batch = [
            images[order[start : start + batch_size]].float() / 127.5 - 1
            for images, order in zip(sides, orders, strict=True)
        ]
        yield batch[0] if len(batch) == 1 else batch


class DCGAN(Loop):
    losses = ("discriminator_loss", "generator_loss", "real_probability", "fake_probability")

    def __init__(self, model, batch_size):
        super().__init__()
        *_, side, channels = model.image_shape
        kernels = [w.shape for w in model.discriminator.weights if len(w.shape) == 4]
        widths = [shape[-1] for shape in kernels]
        root = side >> len(widths)
        map_shape = (root, root, widths[-1])
        self.generator = networks.copy_weights(
            model.generator,
            networks.dcgan_generator(model.latent_dim, root, widths[::-1], channels),
            map_shape,
        )
        self.discriminator = networks.copy_weights(
            model.discriminator, networks.dcgan_discriminator(root, widths, channels), map_shape
        )
        self.shape = (batch_size, model.latent_dim)
        adam = {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-7}
        self.generator_parameters = list(self.generator.parameters())
        self.discriminator_parameters = list(self.discriminator.parameters())
        self.generator_optimizer = torch.optim.Adam(self.generator_parameters, **adam)
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator_parameters, **adam)

    def draw(self):
        return [torch.rand(self.shape) for _ in range(2)]

    def update(self, real, noise):
        latents, others = (2 * u - 1 for u in noise)
        with torch.no_grad():
            fake = self.generator(latents)
        real_logits, fake_logits = self.discriminator(real), self.discriminator(fake)
        discriminator_loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
        self.minimize(
            discriminator_loss, self.discriminator_parameters, self.discriminator_optimizer
        )
        generator_loss = F.softplus(-self.discriminator(self.generator(others))).mean()
        self.minimize(generator_loss, self.generator_parameters, self.generator_optimizer)
        with torch.no_grad():
            probabilities = [torch.sigmoid(x).mean() for x in (real_logits, fake_logits)]
        return self.log(discriminator_loss, generator_loss, *probabilities)


class VAE(Loop):
    losses = ("loss", "reconstruction", "kl", "bits_per_dim")

    def __init__(self, model, batch_size):
        super().__init__()
        height, width, channels = model.image_shape
        self.image_shape = (channels, height, width)
        self.pixels = math.prod(self.image_shape)
        self.encoder = networks.copy_weights(
            model.encoder,
            networks.DenseEncoder(self.pixels, model.latent_dim),
            model.image_shape,
        )
        self.decoder = networks.copy_weights(
            model.decoder,
            networks.dense_decoder(self.image_shape, model.latent_dim),
            model.image_shape,
        )
        self.parameters = [*self.encoder.parameters(), *self.decoder.parameters()]
        self.optimizer = torch.optim.Adam(self.parameters, lr=1e-3, eps=1e-4)
        self.latent_shape = (batch_size, model.latent_dim)
        self.image_shape = (batch_size, *self.image_shape)

    def draw(self):
        return torch.randn(self.latent_shape), torch.rand(self.image_shape)

    def update(self, images, noise):
        normal, uniform = noise
        x = ((images + 1) / 2 > uniform).float()
        mean, log_variance = self.encoder(2 * x - 1)
        logits = self.decoder(mean + torch.exp(log_variance / 2) * normal)
        likelihood = (x * logits - F.softplus(logits)).sum((1, 2, 3))
        kl = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1)
        loss = (kl - likelihood).mean()
        self.minimize(loss, self.parameters, self.optimizer)
        loss = loss.detach()
        return self.log(
            loss,
            -likelihood.detach().mean(),
            kl.detach().mean(),
            loss / (self.pixels * math.log(2)),
        )


class CycleGAN(Loop):
    losses = ("generator_loss", "discriminator_loss", "adversarial", "cycle", "identity")

    def __init__(self, model, batch_size):
        super().__init__()
        *_, channels = model.image_shape_a
        kernels = [w.shape for w in model.discriminator_a.weights if len(w.shape) == 4]
        width, downsamplings = kernels[0][-1], len(kernels) - 2
        blocks = sum(layer.name.startswith("add") for layer in model.generator_ab.layers)

        def generator(network):
            module = networks.resnet_generator(channels, blocks, width)
            return networks.copy_weights(network, module)

        def judge(network):
            return networks.copy_weights(network, networks.patchgan(channels, width, downsamplings))

        self.ab, self.ba = generator(model.generator_ab), generator(model.generator_ba)
        self.judge_a, self.judge_b = judge(model.discriminator_a), judge(model.discriminator_b)
        self.generator_parameters = [*self.ab.parameters(), *self.ba.parameters()]
        self.judge_parameters = [*self.judge_a.parameters(), *self.judge_b.parameters()]
        adam = {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-7}
        self.generator_optimizer = torch.optim.Adam(self.generator_parameters, **adam)
        self.judge_optimizer = torch.optim.Adam(self.judge_parameters, **adam)
        self.pool_a, self.pool_b = Pool(model.pool_size), Pool(model.pool_size)

    def draw(self):
        return None  # the pools ask Python for their few numbers

    def update(self, batch, noise):
        a, b = batch
        fake_b, fake_a = self.ab(a), self.ba(b)
        adversarial = (self.judge_b(fake_b) - 1).square().mean()
        adversarial = adversarial + (self.judge_a(fake_a) - 1).square().mean()
        cycle = F.l1_loss(self.ba(fake_b), a) + F.l1_loss(self.ab(fake_a), b)
        identity = F.l1_loss(self.ab(b), b) + F.l1_loss(self.ba(a), a)
        generator_loss = adversarial + 10 * (cycle + 0.5 * identity)
        self.minimize(generator_loss, self.generator_parameters, self.generator_optimizer)
        fake_a, fake_b = self.pool_a.exchange(fake_a), self.pool_b.exchange(fake_b)
        judge_loss = 0.0
        for judge, real, fake in ((self.judge_a, a, fake_a), (self.judge_b, b, fake_b)):
            judge_loss = judge_loss + 0.5 * (judge(real) - 1).square().mean()
            judge_loss = judge_loss + 0.5 * judge(fake).square().mean()
        self.minimize(judge_loss, self.judge_parameters, self.judge_optimizer)
        return self.log(generator_loss, judge_loss, adversarial, cycle, identity)


class Pool:
    """Fifty remembered images in a list."""

    def __init__(self, size):
        self.size, self.images = size, []

    def exchange(self, images):
        given = []
        for image in images.detach():
            if len(self.images) < self.size:
                self.images.append(image)
            elif random.random() < 0.5:
                place = random.randrange(self.size)
                self.images[place], image = image, self.images[place]
            given.append(image)
        return torch.stack(given)
