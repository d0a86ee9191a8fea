"""A round of SeqGAN's adversarial training as one writes it by hand in PyTorch, eager.

The LSTM, the convolutions and the highway from `torch.nn`'s parts, with a kgen model's weights. A
token is drawn by `torch.searchsorted` in the cumulated probabilities, from one uniform number. Each
prefix is completed by a loop of its own that goes on from the state the prefix ended with, all its
rollouts in one batch.
"""

import keras
import torch
from torch import nn
from torch.nn import functional as F

from kgen.layers import Dropout


def parameter(weight) -> nn.Parameter:
    return nn.Parameter(torch.from_numpy(keras.ops.convert_to_numpy(weight).copy()))


class Generator(nn.Module):
    """`kgen.layers.TokenLSTM`."""

    def __init__(self, layer):
        super().__init__()
        self.embedding = parameter(layer.embedding.table)
        self.kernel, self.recurrent = parameter(layer.kernel), parameter(layer.recurrent_kernel)
        self.bias = parameter(layer.bias)
        self.output, self.output_bias = parameter(layer.output_kernel), parameter(layer.output_bias)
        self.width = layer.width

    def begin(self, n):
        return torch.zeros(n, self.width), torch.zeros(n, self.width)

    def step(self, before, state):
        hidden, cell = state
        gates = torch.addmm(self.bias, self.embedding[before], self.kernel)
        inward, forget, outward, content = torch.addmm(gates, hidden, self.recurrent).chunk(4, 1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(inward) * torch.tanh(content)
        hidden = torch.sigmoid(outward) * torch.tanh(cell)
        return hidden, cell

    def logits(self, hidden):
        return hidden @ self.output + self.output_bias

    def log_prob(self, tokens):
        n, length = tokens.shape
        before, state, outputs = tokens.new_zeros(n), self.begin(n), []
        for t in range(length):
            state = self.step(before, state)
            outputs.append(state[0])
            before = tokens[:, t]
        logits = self.logits(torch.stack(outputs, 1))
        return -F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="none").view(
            n, length
        )

    def draw(self, hidden, uniforms):
        ends = torch.softmax(self.logits(hidden), dim=1).cumsum(1)
        return torch.searchsorted(ends, uniforms[:, None] * ends[:, -1:], right=True)[:, 0]

    @torch.no_grad()
    def sample(self, uniforms):
        """Tokens, and the state that each was drawn from."""
        n, length = uniforms.shape
        before, state = torch.zeros(n, dtype=torch.long), self.begin(n)
        tokens, states = [], []
        for t in range(length):
            state = self.step(before, state)
            before = self.draw(state[0], uniforms[:, t])
            tokens.append(before)
            states.append(state)
        return torch.stack(tokens, 1), states

    @torch.no_grad()
    def complete(self, tokens, states, prefix, uniforms):
        """The first `prefix` tokens, and what follows; uniforms (rollouts, n, length)."""
        rollouts = len(uniforms)
        whole = tokens.repeat(rollouts, 1)
        state = tuple(part.repeat(rollouts, 1) for part in states[prefix - 1])
        for t in range(prefix, tokens.shape[1]):
            state = self.step(whole[:, t - 1], state)
            whole[:, t] = self.draw(state[0], uniforms[:, :, t].flatten())
        return whole


class Discriminator(nn.Module):
    """`kgen.networks.token_cnn`, with its dropout."""

    def __init__(self, network):
        super().__init__()
        self.embedding = parameter(network.get_layer("embedding").table)
        found = [layer for layer in network.layers if layer.name.startswith("width_")]
        self.filters = nn.ModuleList()
        for layer in found:
            width, inputs, count = layer.kernel.shape
            convolution = nn.Conv1d(inputs, count, width)
            convolution.weight = nn.Parameter(parameter(layer.kernel).permute(2, 1, 0).contiguous())
            convolution.bias = parameter(layer.bias)
            self.filters.append(convolution)
        highway = network.get_layer("highway")
        self.transformation = [
            parameter(w) for w in (highway.transformation.kernel, highway.transformation.bias)
        ]
        self.gate = [parameter(w) for w in (highway.gate.kernel, highway.gate.bias)]
        last = network.get_layer("to_logit")
        self.last = [parameter(w) for w in (last.kernel, last.bias)]
        for i, weight in enumerate((*self.transformation, *self.gate, *self.last)):
            self.register_parameter(f"dense_{i}", weight)
        self.dropout = next(layer.rate for layer in network.layers if isinstance(layer, Dropout))

    def forward(self, tokens, training=False):
        vectors = self.embedding[tokens].transpose(1, 2)
        x = torch.cat([F.relu(each(vectors)).amax(2) for each in self.filters], 1)
        gate = torch.sigmoid(x @ self.gate[0] + self.gate[1])
        x = gate * F.relu(x @ self.transformation[0] + self.transformation[1]) + (1 - gate) * x
        x = F.dropout(x, self.dropout, training)
        return (x @ self.last[0] + self.last[1])[:, 0]


class SeqGAN:
    """Steps of both players on copies of a kgen model's networks."""

    def __init__(self, model):
        self.generator = Generator(model.generator.layers[-1])
        self.discriminator = Discriminator(model.discriminator)
        self.rollouts, self.l2 = model.rollouts, model.l2
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), 1e-2, eps=1e-7)
        self.discriminator_optimizer = torch.optim.Adam(
            self.discriminator.parameters(), 1e-4, eps=1e-7
        )

    @torch.no_grad()
    def values(self, tokens, states, uniforms):
        """The value of each token; uniforms (prefixes, rollouts, n, length)."""
        n, length = tokens.shape
        values = []
        for prefix in range(1, length):
            whole = self.generator.complete(tokens, states, prefix, uniforms[prefix - 1])
            rewards = torch.sigmoid(self.discriminator(whole))
            values.append(rewards.view(self.rollouts, n).mean(0))
        values.append(torch.sigmoid(self.discriminator(tokens)))
        return torch.stack(values, 1)

    def policy_loss(self, tokens, values):
        return -(self.generator.log_prob(tokens) * values).sum()

    def generator_step(self, n, length):
        tokens, states = self.generator.sample(torch.rand(n, length))
        uniforms = torch.rand(length - 1, self.rollouts, n, length)
        loss = self.policy_loss(tokens, self.values(tokens, states, uniforms))
        self.generator_optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.generator.parameters(), 5.0)
        self.generator_optimizer.step()
        return float(loss.detach())

    def judge(self, real, fake, training):
        logits = self.discriminator(torch.cat([real, fake]), training)
        targets = torch.cat([torch.ones(len(real)), torch.zeros(len(fake))])
        penalty = sum((weight**2).sum() for weight in self.discriminator.last)
        loss = F.binary_cross_entropy_with_logits(logits, targets)
        return loss + self.l2 / 2 * penalty

    def discriminator_step(self, real):
        fake, _ = self.generator.sample(torch.rand(real.shape))
        loss = self.judge(real, fake, True)
        self.discriminator_optimizer.zero_grad()
        loss.backward()
        self.discriminator_optimizer.step()
        return float(loss.detach())

    def round(self, batches):
        """One step of the generator in place of the first batch, and D's on the others."""
        losses = [self.generator_step(*batches[0].shape)]
        return losses + [self.discriminator_step(batch) for batch in batches[1:]]
