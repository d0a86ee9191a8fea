"""Functions that return `keras.Model`s: the networks that the models take as arguments."""

from kgen.networks.acgan import acgan_discriminator, acgan_generator, linear_head
from kgen.networks.ali import (
    ali_decoder,
    ali_dense_decoder,
    ali_dense_discriminator,
    ali_dense_encoder,
    ali_discriminator,
    ali_encoder,
)
from kgen.networks.autoencoder import (
    conv_decoder,
    conv_encoder,
    dense_decoder,
    dense_encoder,
    dense_gaussian,
)
from kgen.networks.bigan import bigan_decoder, bigan_discriminator, bigan_encoder
from kgen.networks.biganqp import biganqp_decoder, biganqp_discriminator, biganqp_encoder
from kgen.networks.biggan import biggan_discriminator, biggan_generator
from kgen.networks.conditional import cgan_mlp_discriminator, cgan_mlp_generator
from kgen.networks.dcgan import dcgan_discriminator, dcgan_generator
from kgen.networks.discogan import discogan_discriminator, discogan_generator
from kgen.networks.features import features_and_logits, stages_and_logits
from kgen.networks.glow import coupling_network, glow
from kgen.networks.graphsgan import graphsgan_discriminator, graphsgan_generator
from kgen.networks.infogan import (
    infogan_discriminator,
    infogan_generator,
    infogan_recognition,
)
from kgen.networks.introvae import introvae_decoder, introvae_encoder
from kgen.networks.mlp import maxout_discriminator, mlp_discriminator, mlp_generator
from kgen.networks.patchgan import patchgan
from kgen.networks.pixelcnn import gated_pixelcnn, pixelcnn
from kgen.networks.pixelcnn_plus_plus import pixelcnn_plus_plus
from kgen.networks.pixelrnn import pixelrnn
from kgen.networks.progressive import (
    discriminators_of,
    generators_of,
    progressive_discriminator,
    progressive_generator,
    sides_of,
)
from kgen.networks.projection import projection_discriminator, projection_generator
from kgen.networks.r3gan import r3gan_discriminator, r3gan_generator
from kgen.networks.sgan import (
    sgan_conv_discriminator,
    sgan_conv_generator,
    sgan_dense_discriminator,
    sgan_dense_generator,
)
from kgen.networks.shallow_autoencoder import shallow_decoder, shallow_encoder
from kgen.networks.stargan import stargan_discriminator, stargan_generator
from kgen.networks.token_cnn import token_cnn
from kgen.networks.token_lstm import token_lstm
from kgen.networks.translation import resnet_generator
from kgen.networks.unet import unet
from kgen.networks.unrolledgan import tanh_discriminator, tanh_generator
from kgen.networks.wavenet import wavenet
from kgen.networks.wgangp import wgangp_critic, wgangp_generator

__all__ = [
    "acgan_discriminator",
    "acgan_generator",
    "ali_decoder",
    "ali_dense_decoder",
    "ali_dense_discriminator",
    "ali_dense_encoder",
    "ali_discriminator",
    "ali_encoder",
    "bigan_decoder",
    "bigan_discriminator",
    "bigan_encoder",
    "biganqp_decoder",
    "biganqp_discriminator",
    "biganqp_encoder",
    "biggan_discriminator",
    "biggan_generator",
    "cgan_mlp_discriminator",
    "cgan_mlp_generator",
    "conv_decoder",
    "conv_encoder",
    "coupling_network",
    "dcgan_discriminator",
    "dcgan_generator",
    "dense_decoder",
    "dense_encoder",
    "dense_gaussian",
    "discogan_discriminator",
    "discogan_generator",
    "discriminators_of",
    "features_and_logits",
    "gated_pixelcnn",
    "generators_of",
    "glow",
    "graphsgan_discriminator",
    "graphsgan_generator",
    "infogan_discriminator",
    "infogan_generator",
    "infogan_recognition",
    "introvae_decoder",
    "introvae_encoder",
    "linear_head",
    "maxout_discriminator",
    "mlp_discriminator",
    "mlp_generator",
    "patchgan",
    "pixelcnn",
    "pixelcnn_plus_plus",
    "pixelrnn",
    "progressive_discriminator",
    "progressive_generator",
    "projection_discriminator",
    "projection_generator",
    "r3gan_discriminator",
    "r3gan_generator",
    "resnet_generator",
    "sgan_conv_discriminator",
    "sgan_conv_generator",
    "sgan_dense_discriminator",
    "sgan_dense_generator",
    "shallow_decoder",
    "shallow_encoder",
    "sides_of",
    "stages_and_logits",
    "stargan_discriminator",
    "stargan_generator",
    "tanh_discriminator",
    "tanh_generator",
    "token_cnn",
    "token_lstm",
    "unet",
    "wavenet",
    "wgangp_critic",
    "wgangp_generator",
]
