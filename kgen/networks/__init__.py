"""Functions that return `keras.Model`s: the networks that the models take as arguments."""

from kgen.networks.autoencoder import conv_decoder, conv_encoder, dense_decoder, dense_encoder
from kgen.networks.dcgan import dcgan_discriminator, dcgan_generator
from kgen.networks.features import features_and_logits
from kgen.networks.glow import coupling_network, glow
from kgen.networks.introvae import introvae_decoder, introvae_encoder
from kgen.networks.mlp import maxout_discriminator, mlp_discriminator, mlp_generator
from kgen.networks.pixelcnn import gated_pixelcnn, pixelcnn
from kgen.networks.pixelcnn_plus_plus import pixelcnn_plus_plus
from kgen.networks.pixelrnn import pixelrnn
from kgen.networks.r3gan import r3gan_discriminator, r3gan_generator
from kgen.networks.sgan import (
    sgan_conv_discriminator,
    sgan_conv_generator,
    sgan_dense_discriminator,
    sgan_dense_generator,
)
from kgen.networks.shallow_autoencoder import shallow_decoder, shallow_encoder
from kgen.networks.translation import patchgan, resnet_generator
from kgen.networks.unrolledgan import tanh_discriminator, tanh_generator
from kgen.networks.wavenet import wavenet
from kgen.networks.wgangp import wgangp_critic, wgangp_generator

__all__ = [
    "conv_decoder",
    "conv_encoder",
    "coupling_network",
    "dcgan_discriminator",
    "dcgan_generator",
    "dense_decoder",
    "dense_encoder",
    "features_and_logits",
    "gated_pixelcnn",
    "glow",
    "introvae_decoder",
    "introvae_encoder",
    "maxout_discriminator",
    "mlp_discriminator",
    "mlp_generator",
    "patchgan",
    "pixelcnn",
    "pixelcnn_plus_plus",
    "pixelrnn",
    "r3gan_discriminator",
    "r3gan_generator",
    "resnet_generator",
    "sgan_conv_discriminator",
    "sgan_conv_generator",
    "sgan_dense_discriminator",
    "sgan_dense_generator",
    "shallow_decoder",
    "shallow_encoder",
    "tanh_discriminator",
    "tanh_generator",
    "wavenet",
    "wgangp_critic",
    "wgangp_generator",
]
