"""The models, one paper a file."""

from kgen.models.adversarial.dcgan import DCGAN
from kgen.models.adversarial.fgan import FGAN
from kgen.models.adversarial.gan import GAN
from kgen.models.adversarial.ganqp import GANQP
from kgen.models.adversarial.lsgan import LSGAN
from kgen.models.adversarial.r3gan import R3GAN
from kgen.models.adversarial.sgan import SGAN
from kgen.models.adversarial.unrolledgan import UnrolledGAN
from kgen.models.adversarial.wgan import WGAN
from kgen.models.adversarial.wgangp import WGANGP
from kgen.models.autoregressive.base import AutoregressiveModel
from kgen.models.autoregressive.gatedpixelcnn import GatedPixelCNN
from kgen.models.autoregressive.pixelcnn import PixelCNN
from kgen.models.autoregressive.pixelcnnplusplus import PixelCNNPlusPlus
from kgen.models.autoregressive.pixelrnn import PixelRNN
from kgen.models.base import CAPABILITIES, GenerativeModel
from kgen.models.signature import Signature, TensorSpec
from kgen.models.translation.cyclegan import CycleGAN
from kgen.models.variational.vae import VAE

__all__ = [
    "CAPABILITIES",
    "DCGAN",
    "FGAN",
    "GAN",
    "GANQP",
    "LSGAN",
    "R3GAN",
    "SGAN",
    "VAE",
    "WGAN",
    "WGANGP",
    "AutoregressiveModel",
    "CycleGAN",
    "GatedPixelCNN",
    "GenerativeModel",
    "PixelCNN",
    "PixelCNNPlusPlus",
    "PixelRNN",
    "Signature",
    "TensorSpec",
    "UnrolledGAN",
]
