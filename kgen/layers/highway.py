"""A highway layer (Srivastava et al. 2015)."""

import keras


@keras.saving.register_keras_serializable("kgen")
class Highway(keras.layers.Layer):
    """`t g(x) + (1 - t) x`: a gate decides how much of a transformation goes through.

    Srivastava et al., *Highway Networks*, 2015, eq. 3: `g(x) = relu(W x + b)` and
    `t = sigmoid(W_t x + b_t)`. The gate's bias begins below zero, so that at first most of the
    input is carried on.

    Args:
        gate_bias: Where the gate's bias begins; -2 in the code of SeqGAN.

    Input and output shape (..., width).

    Example:

        >>> layer = Highway(gate_bias=-100.0)  # a gate that is closed
        >>> layer(keras.ops.array([[1.0, -2.0]])).numpy().tolist()
        [[1.0, -2.0]]
    """

    def __init__(self, gate_bias: float = -2.0, **kwargs):
        super().__init__(**kwargs)
        self.gate_bias = gate_bias

    def build(self, input_shape):
        """Makes the transformation and the gate."""
        width = input_shape[-1]
        self.transformation = keras.layers.Dense(
            width, activation="relu", dtype=self.dtype_policy, name="transformation"
        )
        self.gate = keras.layers.Dense(
            width,
            activation="sigmoid",
            bias_initializer=keras.initializers.Constant(self.gate_bias),
            dtype=self.dtype_policy,
            name="gate",
        )
        self.transformation.build(input_shape)
        self.gate.build(input_shape)

    def call(self, inputs):
        """The mixture."""
        gate = self.gate(inputs)
        return gate * self.transformation(inputs) + (1 - gate) * inputs

    def compute_output_shape(self, input_shape):
        """That of the input."""
        return input_shape

    def get_config(self) -> dict:
        """The constructor's arguments."""
        return {**super().get_config(), "gate_bias": self.gate_bias}
