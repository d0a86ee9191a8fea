"""The same VAE trained by kgen and by pythae, side by side: time per epoch and test ELBO.

    python -m venv peer && peer/bin/pip install -e '.[torch]' pythae
    peer/bin/python benchmarks/vae_peer.py --data-dir DIR       # MNIST; DIR as for kgen.datasets
    peer/bin/python benchmarks/vae_peer.py --quick              # small: does it run?

pythae (Chadebec et al. 2022) is no dependency of kgen: it is installed in an environment of its own
beside it, as above.

**What is compared.** The VAE of Burda et al. 2016 with one sample: two tanh layers of 200 on each
side, 50 latents, Bernoulli pixels that are binarised anew for every batch, batches of 100, Adam
with a rate of 1e-3 and an epsilon of 1e-8. Both start from equal weights, and before anything is
timed their losses of one batch with equal noise must agree to 1e-4, or the benchmark stops. kgen
trains by `fit` on its `tf.data` pipeline, compiled as by default; pythae by its `BaseTrainer` on
the same training images as one tensor, with its own data loader. Both run on the CPU with as many
threads as it has.

pythae's epochs are calls of its trainer's `train_step`, which is a pass over the data. What its
`train` does around them (a copy of the best model, a progress bar) is not counted, and its model is
binarised in one call a batch, so that it loses no time by what it was not made for. kgen's epochs
are windows of one `fit`, with all that this does around them.

**How it is timed.** One epoch of each in every round, in turns that begin with the other one each
time (kgen, pythae; pythae, kgen; ...). The first round, with kgen's compilation, is trained but not
counted. Reported are the seconds of each, the median of the ratios pythae / kgen, round by round,
with its 95 % interval by order statistics, and the negative ELBO on test images that are binarised
once with a fixed seed, the same for both, as the mean over ten draws of the latents.
"""

import argparse
import json
import logging
import os
import statistics
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import torch
from step_time import interval

import kgen

try:
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import CallbackHandler, TrainingCallback
except ImportError as error:
    raise SystemExit(f"{error}: pip install pythae, in an environment of its own.") from error

ADAM = {"learning_rate": 1e-3, "epsilon": 1e-8}
LATENT_DIM = 50
LOSS_TOLERANCE = 1e-4
TEST_DRAWS = 10


def linear(layer: keras.layers.Dense) -> torch.nn.Linear:
    """A dense layer of Keras in PyTorch, with its weights."""
    kernel, bias = layer.get_weights()
    copy = torch.nn.Linear(*kernel.shape)
    with torch.no_grad():
        copy.weight.copy_(torch.from_numpy(kernel.T.copy()))
        copy.bias.copy_(torch.from_numpy(bias.copy()))
    return copy


def hidden(network: keras.Model) -> torch.nn.Sequential:
    """The tanh layers of one of kgen's dense networks."""
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.Dense)]
    tanh = [layer for layer in layers if layer.activation is keras.activations.tanh]
    return torch.nn.Sequential(
        *(part for layer in tanh for part in (linear(layer), torch.nn.Tanh()))
    )


class Encoder(BaseEncoder):
    """kgen's dense encoder; it sees binary pixels as -1 and 1."""

    def __init__(self, network: keras.Model):
        super().__init__()
        self.hidden = hidden(network)
        self.mean = linear(network.get_layer("mean"))
        self.log_variance = linear(network.get_layer("log_variance"))

    def forward(self, x):
        h = self.hidden(2 * x - 1)
        return ModelOutput(embedding=self.mean(h), log_covariance=self.log_variance(h))


class Decoder(BaseDecoder):
    """kgen's dense decoder; pythae's cross-entropy takes probabilities."""

    def __init__(self, network: keras.Model):
        super().__init__()
        self.hidden = hidden(network)
        self.to_parameters = linear(network.get_layer("to_parameters"))

    def forward(self, z):
        return ModelOutput(reconstruction=torch.sigmoid(self.to_parameters(self.hidden(z))))


class BinarizingVAE(VAE):
    """pythae's VAE, with the pixels of every batch drawn by their grey levels."""

    def forward(self, inputs, **kwargs):
        binary = torch.bernoulli(inputs["data"])
        return super().forward({"data": binary, "labels": inputs["labels"]}, **kwargs)


def peer_of(model: kgen.models.VAE, images: np.ndarray, batch_size: int) -> BaseTrainer:
    """pythae's trainer of the same VAE, ready for its first epoch."""
    logging.disable(logging.INFO)  # its loggers set levels of their own
    size = int(np.prod(model.image_shape))
    config = VAEConfig(input_dim=(size,), latent_dim=LATENT_DIM, reconstruction_loss="bce")
    peer = BinarizingVAE(config, Encoder(model.encoder), Decoder(model.decoder))
    levels = torch.from_numpy((images.reshape(len(images), size) + 1) / 2).clamp(0, 1)
    trainer = BaseTrainer(
        peer,
        BaseDataset(levels, torch.zeros(len(levels))),
        training_config=BaseTrainerConfig(
            per_device_train_batch_size=batch_size,
            learning_rate=ADAM["learning_rate"],
            optimizer_params={"eps": ADAM["epsilon"]},
            no_cuda=True,
            seed=0,
        ),
    )
    trainer.set_optimizer()
    trainer.callback_handler = CallbackHandler([TrainingCallback()], model=peer)
    return trainer


def check_first_losses(model, trainer, images: np.ndarray) -> dict[str, float]:
    """The loss of each on the same binary images with the same noise.

    Raises:
        SystemExit: If they differ.
    """
    rng = np.random.default_rng(0)
    binary = np.where(rng.random(images.shape) < (images + 1) / 2, 1.0, -1.0).astype("float32")
    noise = rng.standard_normal((len(images), LATENT_DIM)).astype("float32")
    half = np.full_like(binary, 0.5)
    likelihood, kl = model.bound(binary, noise, half, model.encoder, model.decoder, False)
    peer, data = trainer.model, torch.from_numpy((binary.reshape(len(binary), -1) + 1) / 2)
    drawn, peer._sample_gauss = peer._sample_gauss, _with(torch.from_numpy(noise))
    with torch.no_grad():
        theirs = peer({"data": data, "labels": torch.zeros(len(data))}).loss
    peer._sample_gauss = drawn
    losses = {"kgen": float(np.mean(kl - likelihood)), "pythae": float(theirs)}
    if abs(losses["kgen"] / losses["pythae"] - 1) > LOSS_TOLERANCE:
        raise SystemExit(f"the two are not the same: the first losses are {losses}.")
    return losses


def _with(noise):
    return lambda mean, deviation: (mean + noise * deviation, noise)


class Turns(keras.callbacks.Callback):
    """Runs an epoch of the other one after or before each of `fit`'s, and times both."""

    def __init__(self, trainer: BaseTrainer, pause: float):
        super().__init__()
        self.trainer, self.pause = trainer, pause
        self.seconds = {"kgen": [], "pythae": []}

    def on_epoch_begin(self, epoch, logs=None):
        if epoch % 2:
            self._other(epoch)
        time.sleep(self.pause)
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds["kgen"].append(time.perf_counter() - self._start)
        if not epoch % 2:
            self._other(epoch)

    def _other(self, epoch):
        time.sleep(self.pause)  # lets the threads of the last one fall asleep
        start = time.perf_counter()
        self.trainer.train_step(epoch + 1)
        self.seconds["pythae"].append(time.perf_counter() - start)


def test_negative_elbo(model, trainer, images: np.ndarray) -> dict[str, list[float]]:
    """The negative ELBO of each on the same binary test images: ten passes, in nats."""
    rng = np.random.default_rng(1)
    binary = np.where(rng.random(images.shape) < (images + 1) / 2, 1.0, -1.0).astype("float32")
    data = torch.from_numpy((binary.reshape(len(binary), -1) + 1) / 2)
    inputs = {"data": data, "labels": torch.zeros(len(data))}
    found = {"kgen": [], "pythae": []}
    trainer.model.eval()
    for _ in range(TEST_DRAWS):
        logs = model.evaluate(binary, batch_size=500, verbose=0, return_dict=True)
        found["kgen"].append(logs["loss"])
        with torch.no_grad():
            found["pythae"].append(float(trainer.model(inputs).loss))
    return found


def gathered(dataset) -> np.ndarray:
    return np.concatenate([batch.numpy() for batch in dataset]).astype("float32")


def run(options) -> dict:
    """Trains both, and returns all that was measured."""
    keras.utils.set_random_seed(options.seed)
    torch.manual_seed(options.seed)
    data = kgen.datasets.load(
        options.data,
        data_dir=options.data_dir,
        image_size=options.image_size,
        batch_size=options.batch_size,
        layout="images",
        seed=options.seed,
        limit=options.limit,
    )
    train, test = gathered(data.train), gathered(data.test)
    model = kgen.models.VAE.build_default(
        data.image_shape, LATENT_DIM, mean_image=train.mean(axis=0), seed=options.seed
    )
    trainer = peer_of(model, train, options.batch_size)
    losses = check_first_losses(model, trainer, train[: options.batch_size])
    model.compile(optimizer=keras.optimizers.Adam(**ADAM))
    turns = Turns(trainer, options.pause)
    model.fit(data.train, epochs=options.epochs, verbose=0, callbacks=[turns])
    counted = {who: seconds[1:] for who, seconds in turns.seconds.items()}
    ratios = [b / a for a, b in zip(counted["kgen"], counted["pythae"], strict=True)]
    return {
        "machine": {
            "threads": torch.get_num_threads(),
            "load_after": os.getloadavg()[0],
            **{m.__name__: m.__version__ for m in (keras, tf, torch)},
        },
        "options": {key: str(value) for key, value in vars(options).items() if key != "data_dir"},
        "train_images": len(train),
        "first_losses": losses,
        "seconds_an_epoch": turns.seconds,
        "ratios": ratios,
        "test_negative_elbo": test_negative_elbo(model, trainer, test),
    }


def table(result: dict) -> str:
    """Both side by side, as Markdown."""
    lines = [
        "| | seconds an epoch, median [range] | test -ELBO, nats (mean of draws) |",
        "|---|---|---|",
    ]
    for who, seconds in result["seconds_an_epoch"].items():
        counted, elbo = seconds[1:], statistics.mean(result["test_negative_elbo"][who])
        lines.append(
            f"| {who} | {statistics.median(counted):.2f} [{min(counted):.2f}, {max(counted):.2f}] "
            f"| {elbo:.2f} |"
        )
    low, high = interval(result["ratios"])
    lines.append(
        f"\npythae / kgen, median of {len(result['ratios'])} rounds: "
        f"{statistics.median(result['ratios']):.2f} [{low:.2f}, {high:.2f}]"
    )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Trains both and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--data-dir", help="where TensorFlow Datasets finds its files")
    parser.add_argument("--image-size", type=int, default=28)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=21, help="rounds; the first is not counted")
    parser.add_argument("--limit", type=int, help="at most so many images in each split")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.3, help="seconds before each epoch")
    parser.add_argument("--quick", action="store_true", help="built-in data, a few batches")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything here")
    options = parser.parse_args(arguments)
    if options.quick:
        options.data, options.image_size, options.limit, options.epochs = "glyphs", 14, 400, 3
    if keras.backend.backend() != "tensorflow":
        sys.exit("run this with KERAS_BACKEND=tensorflow: PyTorch is pythae's.")
    threads = os.cpu_count() or 1
    tf.config.set_visible_devices([], "GPU")
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    torch.set_num_threads(threads)
    result = run(options)
    print(table(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
