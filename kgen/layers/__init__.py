"""Layers that Keras lacks, or has in a form that training here cannot use, one a file."""

from kgen.layers.actnorm import ActNorm
from kgen.layers.bijection import Bijection
from kgen.layers.causal import CausalLayer
from kgen.layers.causal_convolution import CausalConv2D
from kgen.layers.causal_convolution_1d import CausalConv1D
from kgen.layers.causal_transposed_convolution import CausalConv2DTranspose
from kgen.layers.class_centres import ClassCentres
from kgen.layers.concat_elu import ConcatELU
from kgen.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kgen.layers.conditioned_bijection import ConditionedBijection
from kgen.layers.coupling import Coupling
from kgen.layers.data_dependent import all_layers, initialize_from_data
from kgen.layers.diagonal_lstm import DiagonalLSTM
from kgen.layers.dropout import Dropout
from kgen.layers.equalized_learning_rate import EqualizedLearningRate
from kgen.layers.fade_in import FadeIn
from kgen.layers.gated_activation import GatedActivation
from kgen.layers.gaussian_noise import GaussianNoise
from kgen.layers.gaussian_prior import GaussianPrior
from kgen.layers.gaussian_split import GaussianSplit
from kgen.layers.given_dropout import GivenDropout
from kgen.layers.grouped_convolution import GroupedConv2D
from kgen.layers.highway import Highway
from kgen.layers.image_pool import ImagePool
from kgen.layers.invertible_convolution import InvertibleConv1x1
from kgen.layers.label_planes import LabelPlanes
from kgen.layers.learned_basis import LearnedBasis
from kgen.layers.masked_convolution import MaskedConv2D
from kgen.layers.maxout import Maxout
from kgen.layers.minibatch_deviation import MinibatchStandardDeviation
from kgen.layers.minibatch_discrimination import MinibatchDiscrimination
from kgen.layers.mixture_of_gaussians import MixtureOfGaussians
from kgen.layers.multi_scale_flow import MultiScaleFlow
from kgen.layers.one_hot_levels import OneHotLevels
from kgen.layers.ones_channel import OnesChannel
from kgen.layers.pixel_normalization import PixelNormalization
from kgen.layers.reference_batch import DropReference, ReferenceBatch
from kgen.layers.reference_batch_normalization import ReferenceBatchNormalization
from kgen.layers.reflection_padding import ReflectionPadding2D
from kgen.layers.row_lstm import RowLSTM
from kgen.layers.seen_moments import SeenMoments
from kgen.layers.self_attention import SelfAttention
from kgen.layers.spectral_normalization import SpectralNormalization
from kgen.layers.squeeze import Squeeze
from kgen.layers.tied_dense import TiedDense
from kgen.layers.token_embedding import TokenEmbedding
from kgen.layers.token_lstm import TokenLSTM
from kgen.layers.virtual_batch_normalization import VirtualBatchNormalization
from kgen.layers.weight_normalization import WeightNormalization

__all__ = [
    "ActNorm",
    "Bijection",
    "CausalConv1D",
    "CausalConv2D",
    "CausalConv2DTranspose",
    "CausalLayer",
    "ClassCentres",
    "ConcatELU",
    "ConditionalBatchNormalization",
    "ConditionedBijection",
    "Coupling",
    "DiagonalLSTM",
    "DropReference",
    "Dropout",
    "EqualizedLearningRate",
    "FadeIn",
    "GatedActivation",
    "GaussianNoise",
    "GaussianPrior",
    "GaussianSplit",
    "GivenDropout",
    "GroupedConv2D",
    "Highway",
    "ImagePool",
    "InvertibleConv1x1",
    "LabelPlanes",
    "LearnedBasis",
    "MaskedConv2D",
    "Maxout",
    "MinibatchDiscrimination",
    "MinibatchStandardDeviation",
    "MixtureOfGaussians",
    "MultiScaleFlow",
    "OneHotLevels",
    "OnesChannel",
    "PixelNormalization",
    "ReferenceBatch",
    "ReferenceBatchNormalization",
    "ReflectionPadding2D",
    "RowLSTM",
    "SeenMoments",
    "SelfAttention",
    "SpectralNormalization",
    "Squeeze",
    "TiedDense",
    "TokenEmbedding",
    "TokenLSTM",
    "VirtualBatchNormalization",
    "WeightNormalization",
    "all_layers",
    "initialize_from_data",
]
