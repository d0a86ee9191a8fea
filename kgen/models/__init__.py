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
from kgen.models.autoencoding.ae import AE
from kgen.models.autoencoding.aeclassifier import AEClassifier
from kgen.models.autoencoding.denoisingae import DenoisingAE
from kgen.models.autoregressive.base import AutoregressiveModel
from kgen.models.autoregressive.gatedpixelcnn import GatedPixelCNN
from kgen.models.autoregressive.images import AutoregressiveImageModel
from kgen.models.autoregressive.pixelcnn import PixelCNN
from kgen.models.autoregressive.pixelcnnplusplus import PixelCNNPlusPlus
from kgen.models.autoregressive.pixelrnn import PixelRNN
from kgen.models.autoregressive.wavenet import WaveNet
from kgen.models.base import CAPABILITIES, GenerativeModel
from kgen.models.classical.gaussianmixture import GaussianMixture
from kgen.models.flow.glow import Glow
from kgen.models.signature import Signature, TensorSpec
from kgen.models.translation.cyclegan import CycleGAN
from kgen.models.variational.betavae import BetaVAE
from kgen.models.variational.cvae import CVAE
from kgen.models.variational.introvae import IntroVAE
from kgen.models.variational.iwae import IWAE
from kgen.models.variational.vae import VAE

__all__ = [
    "AE",
    "CAPABILITIES",
    "CVAE",
    "DCGAN",
    "FGAN",
    "GAN",
    "GANQP",
    "IWAE",
    "LSGAN",
    "R3GAN",
    "SGAN",
    "VAE",
    "WGAN",
    "WGANGP",
    "AEClassifier",
    "AutoregressiveImageModel",
    "AutoregressiveModel",
    "BetaVAE",
    "CycleGAN",
    "DenoisingAE",
    "GatedPixelCNN",
    "GaussianMixture",
    "GenerativeModel",
    "Glow",
    "IntroVAE",
    "PixelCNN",
    "PixelCNNPlusPlus",
    "PixelRNN",
    "Signature",
    "TensorSpec",
    "UnrolledGAN",
    "WaveNet",
]
