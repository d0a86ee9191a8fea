"""Functions that return `keras.Model`s: the networks that the models take as arguments."""

from kgen.networks.autoencoder import conv_decoder, conv_encoder, dense_decoder, dense_encoder
from kgen.networks.dcgan import dcgan_discriminator, dcgan_generator
from kgen.networks.translation import patchgan, resnet_generator

__all__ = [
    "conv_decoder",
    "conv_encoder",
    "dcgan_discriminator",
    "dcgan_generator",
    "dense_decoder",
    "dense_encoder",
    "patchgan",
    "resnet_generator",
]
