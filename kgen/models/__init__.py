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
from kgen.models.conditional.acgan import ACGAN
from kgen.models.conditional.conditionalgan import ConditionalGAN
from kgen.models.conditional.cvaegan import CVAEGAN
from kgen.models.conditional.infogan import InfoGAN
from kgen.models.conditional.projectiongan import ProjectionGAN
from kgen.models.flow.glow import Glow
from kgen.models.graph.graphsgan import GraphSGAN
from kgen.models.inference.ali import ALI
from kgen.models.inference.bigan import BiGAN
from kgen.models.inference.biganqp import BiGANQP
from kgen.models.plug_and_play.ppgn import PPGN
from kgen.models.scale.biggan import BigGAN
from kgen.models.scale.progressivegan import ProgressiveGAN
from kgen.models.sequence.gumbelsoftmaxgan import GumbelSoftmaxGAN
from kgen.models.sequence.seqgan import SeqGAN
from kgen.models.sequence.tokens import TokenModel
from kgen.models.signature import Signature, TensorSpec
from kgen.models.translation.cyclegan import CycleGAN
from kgen.models.translation.discogan import DiscoGAN
from kgen.models.translation.dualgan import DualGAN
from kgen.models.translation.pix2pix import Pix2Pix
from kgen.models.translation.stargan import StarGAN
from kgen.models.translation.unpaired import UnpairedTranslation
from kgen.models.variational.betavae import BetaVAE
from kgen.models.variational.cvae import CVAE
from kgen.models.variational.introvae import IntroVAE
from kgen.models.variational.iwae import IWAE
from kgen.models.variational.twolayeriwae import TwoLayerIWAE
from kgen.models.variational.vae import VAE

__all__ = [
    "ACGAN",
    "AE",
    "ALI",
    "CAPABILITIES",
    "CVAE",
    "CVAEGAN",
    "DCGAN",
    "FGAN",
    "GAN",
    "GANQP",
    "IWAE",
    "LSGAN",
    "PPGN",
    "R3GAN",
    "SGAN",
    "VAE",
    "WGAN",
    "WGANGP",
    "AEClassifier",
    "AutoregressiveImageModel",
    "AutoregressiveModel",
    "BetaVAE",
    "BiGAN",
    "BiGANQP",
    "BigGAN",
    "ConditionalGAN",
    "CycleGAN",
    "DenoisingAE",
    "DiscoGAN",
    "DualGAN",
    "GatedPixelCNN",
    "GaussianMixture",
    "GenerativeModel",
    "Glow",
    "GraphSGAN",
    "GumbelSoftmaxGAN",
    "InfoGAN",
    "IntroVAE",
    "Pix2Pix",
    "PixelCNN",
    "PixelCNNPlusPlus",
    "PixelRNN",
    "ProgressiveGAN",
    "ProjectionGAN",
    "SeqGAN",
    "Signature",
    "StarGAN",
    "TensorSpec",
    "TokenModel",
    "TwoLayerIWAE",
    "UnpairedTranslation",
    "UnrolledGAN",
    "WaveNet",
]
