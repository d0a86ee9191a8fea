"""Layers that Keras lacks, or has in a form that training here cannot use, one a file."""

from kgen.layers.causal import CausalLayer
from kgen.layers.causal_convolution import CausalConv2D
from kgen.layers.causal_transposed_convolution import CausalConv2DTranspose
from kgen.layers.concat_elu import ConcatELU
from kgen.layers.diagonal_lstm import DiagonalLSTM
from kgen.layers.gated_activation import GatedActivation
from kgen.layers.gaussian_noise import GaussianNoise
from kgen.layers.image_pool import ImagePool
from kgen.layers.masked_convolution import MaskedConv2D
from kgen.layers.maxout import Maxout
from kgen.layers.minibatch_deviation import MinibatchStandardDeviation
from kgen.layers.minibatch_discrimination import MinibatchDiscrimination
from kgen.layers.ones_channel import OnesChannel
from kgen.layers.reference_batch import DropReference, ReferenceBatch
from kgen.layers.reference_batch_normalization import ReferenceBatchNormalization
from kgen.layers.reflection_padding import ReflectionPadding2D
from kgen.layers.row_lstm import RowLSTM
from kgen.layers.spectral_normalization import SpectralNormalization
from kgen.layers.virtual_batch_normalization import VirtualBatchNormalization
from kgen.layers.weight_normalization import WeightNormalization, initialize_from_data

__all__ = [
    "CausalConv2D",
    "CausalConv2DTranspose",
    "CausalLayer",
    "ConcatELU",
    "DiagonalLSTM",
    "DropReference",
    "GatedActivation",
    "GaussianNoise",
    "ImagePool",
    "MaskedConv2D",
    "Maxout",
    "MinibatchDiscrimination",
    "MinibatchStandardDeviation",
    "OnesChannel",
    "ReferenceBatch",
    "ReferenceBatchNormalization",
    "ReflectionPadding2D",
    "RowLSTM",
    "SpectralNormalization",
    "VirtualBatchNormalization",
    "WeightNormalization",
    "initialize_from_data",
]
