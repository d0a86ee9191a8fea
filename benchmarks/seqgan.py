"""The time of a round of SeqGAN: kgen's `fit`, and a loop written by hand in PyTorch.

    python benchmarks/seqgan.py                        # the paper's sizes
    python benchmarks/seqgan.py --discriminator-steps 20 --pairs 6 --json result.json
    python benchmarks/seqgan.py --quick                # tiny networks: does it run?

**What is compared.** A round of the third phase: one step of REINFORCE (64 sequences of 20 tokens,
16 completions of each of 19 prefixes, 5,000 words), then some steps of the discriminator, 64 real
and 64 generated sequences each. One epoch of kgen's `fit`, compiled as by default, against the loop
of `torch_seqgan.py`, which goes on from cached states as well. Both read each loss as a number.

**Before anything is timed** equal weights, tokens and uniform numbers must give equal
log-likelihoods, logits and losses, to 1e-4, and so must 95 % of the values of tokens. A value rests
on some 160 draws, and one draw in ten thousand falls so near a border between two of 5,000 words
that rounding decides.

**How it is timed.** Pairs, one round of each in an order that alternates, within one `fit`; the
first pair warms up and does not count. Reported is the median of the paired ratios and its 95 %
interval by order statistics. Seconds are for orientation only: they say more of the machine.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import keras
import numpy as np
import torch
import torch_seqgan
from keras import ops
from step_time import interval

import kgen
from kgen.models import SeqGAN
from kgen.models.sequence.tokens import draw_tokens, stepped

PAUSE = 0.3  # seconds, in which the other's threads fall asleep
PAPER = {"vocabulary": 5000, "length": 20}
QUICK = {
    "vocabulary": 11,
    "length": 5,
    "embedding_width": 4,
    "width": 6,
    "discriminator_embedding_width": 4,
    "filters": ((1, 3), (2, 4), (5, 3)),
    "rollouts": 3,
}


def check(model: SeqGAN, loop: torch_seqgan.SeqGAN, real: np.ndarray) -> float:
    """The largest relative difference between the two in what a round computes."""
    n, length = real.shape
    random, rollouts = np.random.default_rng(0), model.rollouts
    uniforms = random.random((n, length), np.float32)
    tokens, states = draw_tokens(stepped(model.generator), ops.convert_to_tensor(uniforms))
    others, other_states = loop.generator.sample(torch.from_numpy(uniforms))
    if not np.array_equal(ops.convert_to_numpy(tokens), others.numpy()):
        raise SystemExit("the two draw different tokens from equal numbers: nothing is timed")
    # kgen takes a position's numbers in the order of the prefixes, PyTorch those of each prefix.
    numbers = random.random((rollouts, length - 1, length - 1, n), np.float32)
    mine = ops.convert_to_tensor(numbers.reshape(rollouts, length - 1, -1))
    its = np.zeros((length - 1, rollouts, n, length), np.float32)
    its[..., 1:] = numbers.transpose(2, 0, 3, 1)
    values = ops.convert_to_numpy(model.values(tokens, states, mine))
    its_values = loop.values(others, other_states, torch.from_numpy(its))
    same = np.isclose(values, its_values.numpy(), atol=1e-4)
    print(f"values of tokens that agree: {100 * same.mean():.2f} %")
    if same.mean() < 0.95:
        raise SystemExit("the two value tokens differently: nothing is timed")
    pairs = {}
    given = ops.convert_to_tensor(real)
    log_p = model.token_log_prob(model.generator, given, False)
    pairs["log_prob"] = (log_p, loop.generator.log_prob(torch.from_numpy(real).long()))
    loss, _ = model.judge(given, tokens, False)
    pairs["loss"] = (loss, loop.judge(torch.from_numpy(real).long(), others, False))
    policy = model.policy_loss(
        model.generator, tokens, ops.convert_to_tensor(its_values.numpy()), False
    )
    pairs["policy"] = (policy, loop.policy_loss(others, its_values))
    worst = 0.0
    for one, other in pairs.values():
        one, other = ops.convert_to_numpy(one), other.detach().numpy()
        worst = max(worst, float(np.abs(one - other).max() / max(1.0, np.abs(other).max())))
    return worst


class Rounds(keras.callbacks.Callback):
    """Times each epoch of `fit`, and a round of the loop before or after it."""

    def __init__(self, run):
        super().__init__()
        self.run, self.seconds = run, {"kgen": [], "torch": []}

    def on_epoch_begin(self, epoch, logs=None):
        if epoch % 2:
            self.other()
        time.sleep(PAUSE)
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds["kgen"].append(time.perf_counter() - self.start)
        if not epoch % 2:
            self.other()

    def other(self):
        time.sleep(PAUSE)
        start = time.perf_counter()
        self.run()
        self.seconds["torch"].append(time.perf_counter() - start)


def main(arguments: list[str] | None = None) -> None:
    """Measures, and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--discriminator-steps", type=int, default=5)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    sizes, batch = (QUICK, 8) if options.quick else (PAPER, 64)
    steps = options.discriminator_steps
    keras.utils.set_random_seed(0)
    rounds = {"generator_steps": 0, "discriminator_steps": 0, "round_discriminator_steps": steps}
    model = SeqGAN.build_default(**sizes, **rounds)
    model.compile()
    shape = ((1 + steps) * batch, sizes["length"])
    real = np.random.default_rng(0).integers(sizes["vocabulary"], size=shape, dtype=np.int32)
    loop = torch_seqgan.SeqGAN(model)
    difference = check(model, loop, real[:batch])
    print(f"from equal weights and numbers, largest difference {difference:.1e}")
    if difference > 1e-4:
        raise SystemExit("the two compute different things: nothing is timed")
    batches = torch.from_numpy(real).long().split(batch)
    timer = Rounds(lambda: loop.round(batches))
    pairs = 2 if options.quick else options.pairs
    model.fit(real, batch_size=batch, epochs=pairs + 1, verbose=0, callbacks=[timer])
    seconds = {who: values[1:] for who, values in timer.seconds.items()}
    ratios = [a / b for a, b in zip(seconds["kgen"], seconds["torch"], strict=True)]
    low, high = interval(ratios)
    print("| a round | kgen / torch | kgen | torch |\n|---|---|---|---|")
    kgens, torchs = (statistics.median(values) for values in seconds.values())
    print(
        f"| 1 step of REINFORCE, {steps} of D | {statistics.median(ratios):.2f} [{low:.2f}, "
        f"{high:.2f}] | {kgens:.2f} s | {torchs:.2f} s |"
    )
    if options.json:
        result = {"kgen": kgen.__version__, "sizes": sizes, "batch": batch, "seconds": seconds}
        options.json.write_text(json.dumps({**result, "ratios": ratios}, indent=1))


if __name__ == "__main__":
    main()
