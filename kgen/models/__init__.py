"""The models, one paper a file."""

from kgen.models.adversarial.dcgan import DCGAN
from kgen.models.adversarial.gan import GAN
from kgen.models.base import CAPABILITIES, GenerativeModel
from kgen.models.signature import Signature, TensorSpec
from kgen.models.translation.cyclegan import CycleGAN
from kgen.models.variational.vae import VAE

__all__ = [
    "CAPABILITIES",
    "DCGAN",
    "GAN",
    "VAE",
    "CycleGAN",
    "GenerativeModel",
    "Signature",
    "TensorSpec",
]
