"""kgen's networks as `torch.nn` modules, channels first, with the weights of the Keras ones.

For even sides TensorFlow's padding "same" at stride 2 puts the odd pixel at the right and the
bottom, PyTorch's `padding` at the left and the top. So the modules here are the mirror images of
the Keras networks (kernels and images flipped in both axes), which uses PyTorch's own padding, does
exactly the same arithmetic and gives the same losses.
"""

import numpy as np
import torch
from torch import nn


def to_torch(images) -> torch.Tensor:
    """Images (n, height, width, channels) mirrored, channels first."""
    mirrored = np.asarray(images)[:, ::-1, ::-1].transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(mirrored))


def copy_weights(network, module: nn.Module, map_shape=None) -> nn.Module:
    """Copies a Keras network's weights into the module of the same architecture.

    Args:
        network: The Keras network.
        module: Has its layers in the same order.
        map_shape: (height, width, channels) of the map that is flattened before, or folded after, a
            dense layer.
    """
    order = None
    if map_shape is not None:
        order = np.arange(np.prod(map_shape)).reshape(map_shape)[::-1, ::-1]
        order = order.transpose(2, 0, 1).ravel()
    sources = [layer.get_weights() for layer in network.layers if layer.weights]
    targets = [m for m in module.modules() if list(m.parameters(recurse=False))]
    for weights, target in zip(sources, targets, strict=True):
        _copy(weights, target, order)
    return module


def _copy(weights, target, order):
    if isinstance(target, nn.BatchNorm1d | nn.BatchNorm2d):
        gain, shift = weights[:2]
        if order is not None and len(order) == len(gain):
            gain, shift = gain[order], shift[order]
        arrays = [gain, shift]
    elif isinstance(target, nn.Linear):
        kernel, *bias = weights
        if order is not None and len(order) == len(kernel):
            kernel = kernel[order]
        elif order is not None and len(order) == kernel.shape[1]:
            kernel, bias = kernel[:, order], [b[order] for b in bias]
        arrays = [kernel.T, *bias]
    else:  # convolutions and transposed ones alike
        kernel, *bias = weights
        arrays = [kernel[::-1, ::-1].transpose(3, 2, 0, 1), *bias]
    with torch.no_grad():
        for parameter, array in zip(target.parameters(recurse=False), arrays, strict=True):
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(array)))


def dcgan_generator(latent_dim: int, root: int, widths: list[int], channels: int) -> nn.Module:
    """`widths` from the smallest map to the largest."""
    first = root * root * widths[0]
    layers = [nn.Linear(latent_dim, first, bias=False), nn.BatchNorm1d(first), nn.ReLU(True)]
    layers += [nn.Unflatten(1, (widths[0], root, root))]
    for i, width in enumerate(widths[1:]):
        layers += [nn.ConvTranspose2d(widths[i], width, 5, 2, 2, 1, bias=False)]
        layers += [nn.BatchNorm2d(width), nn.ReLU(True)]
    layers += [nn.ConvTranspose2d(widths[-1], channels, 5, 2, 2, 1, bias=False), nn.Tanh()]
    return nn.Sequential(*layers)


def dcgan_discriminator(root: int, widths: list[int], channels: int) -> nn.Module:
    """`widths` from the largest map to the smallest."""
    layers = []
    for i, (before, width) in enumerate(zip([channels, *widths[:-1]], widths, strict=True)):
        layers += [nn.Conv2d(before, width, 5, 2, 2, bias=False)]
        layers += [nn.BatchNorm2d(width)] if i else []
        layers += [nn.LeakyReLU(0.2, True)]
    layers += [nn.Flatten(), nn.Linear(root * root * widths[-1], 1, bias=False)]
    return nn.Sequential(*layers)


class DenseEncoder(nn.Module):
    """Images to the mean and log-variance."""

    def __init__(self, pixels: int, latent_dim: int, hidden: int = 200):
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(),
            nn.Linear(pixels, hidden),
            nn.Tanh(),
            nn.Linear(hidden, hidden),
            nn.Tanh(),
        )
        self.mean = nn.Linear(hidden, latent_dim)
        self.log_variance = nn.Linear(hidden, latent_dim)

    def forward(self, x):
        x = self.body(x)
        return self.mean(x), self.log_variance(x)


def dense_decoder(image_shape: tuple, latent_dim: int, hidden: int = 200) -> nn.Module:
    """Latents to logits; `image_shape` (channels, height, width)."""
    return nn.Sequential(
        nn.Linear(latent_dim, hidden),
        nn.Tanh(),
        nn.Linear(hidden, hidden),
        nn.Tanh(),
        nn.Linear(hidden, int(np.prod(image_shape))),
        nn.Unflatten(1, image_shape),
    )


class Residual(nn.Module):
    """Two padded convolutions with instance normalisation, added to their input."""

    def __init__(self, width: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=False),
            nn.InstanceNorm2d(width),
            nn.ReLU(True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3, bias=False),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x):
        return x + self.body(x)


def resnet_generator(channels: int, blocks: int, width: int) -> nn.Module:
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(channels, width, 7, bias=False)]
    layers += [nn.InstanceNorm2d(width), nn.ReLU(True)]
    for w in (width, 2 * width):
        layers += [nn.Conv2d(w, 2 * w, 3, 2, 1, bias=False)]
        layers += [nn.InstanceNorm2d(2 * w), nn.ReLU(True)]
    layers += [Residual(4 * width) for _ in range(blocks)]
    for w in (4 * width, 2 * width):
        layers += [nn.ConvTranspose2d(w, w // 2, 3, 2, 1, 1, bias=False)]
        layers += [nn.InstanceNorm2d(w // 2), nn.ReLU(True)]
    layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, channels, 7), nn.Tanh()]
    return nn.Sequential(*layers)


def patchgan(channels: int, width: int, downsamplings: int) -> nn.Module:
    widths = [width * min(2**i, 8) for i in range(downsamplings + 1)]
    layers = []
    for i, (before, w) in enumerate(zip([channels, *widths[:-1]], widths, strict=True)):
        stride = 2 if i < downsamplings else 1
        layers += [nn.Conv2d(before, w, 4, stride, 1, bias=i == 0)]
        layers += [nn.InstanceNorm2d(w)] if i else []
        layers += [nn.LeakyReLU(0.2, True)]
    layers += [nn.Conv2d(widths[-1], 1, 4, 1, 1)]
    return nn.Sequential(*layers)
