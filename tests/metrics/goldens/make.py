"""Writes `references.json`: what other people's implementations say of the features in `inputs.py`.

In an environment of its own, from the root of the clone:

    python -m venv references
    references/bin/pip install torch==2.13.0 numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 tqdm
    references/bin/pip install --no-deps torch-fidelity==0.4.0 prdc==0.2
    references/bin/python -m tests.metrics.goldens.make

torch-fidelity is installed without its dependencies because it asks for torchvision, of which none
may fit this torch. Only its networks and data sets need that: the metrics called here are its own
modules, run on arrays, with `torch_fidelity.utils` (feature networks, caches) left out.
"""

import contextlib
import importlib.metadata
import importlib.util
import io
import json
import platform
import sys
import types
from pathlib import Path
from unittest import mock

import numpy as np

from tests.metrics.goldens import inputs

FILE = Path(__file__).with_name("references.json")


def torch_fidelity_metrics():
    """The modules of torch-fidelity's metrics, without those of its networks."""
    package = types.ModuleType("torch_fidelity")
    package.__path__ = list(importlib.util.find_spec("torch_fidelity").submodule_search_locations)
    sys.modules["torch_fidelity"] = package
    sys.modules["torch_fidelity.utils"] = mock.MagicMock()
    from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc

    return metric_fid, metric_kid, metric_isc, metric_prc


def scipy_frechet(real, fake):
    """The Fréchet distance as first written down: with `scipy.linalg.sqrtm`."""
    import scipy.linalg

    real, fake = real.astype("float64"), fake.astype("float64")
    a, b = np.cov(real, rowvar=False), np.cov(fake, rowvar=False)
    root = scipy.linalg.sqrtm(a @ b)
    difference = real.mean(axis=0) - fake.mean(axis=0)
    return float(difference @ difference + np.trace(a) + np.trace(b) - 2 * np.trace(root).real)


def references() -> dict:
    import prdc
    import torch

    fid, kid, isc, prc = torch_fidelity_metrics()
    result = {
        "versions": {
            "python": platform.python_version(),
            **{
                name: importlib.metadata.version(name)
                for name in ("torch-fidelity", "prdc", "scipy", "numpy", "torch", "scikit-learn")
            },
        },
        "inputs": {},
        "torch_fidelity_fid": {},
        "scipy_fid": {},
        "torch_fidelity_kid": {},
        "torch_fidelity_isc": {},
        "torch_fidelity_prc": {},
        "prdc": {},
    }
    for name in inputs.CASES:
        real, fake = inputs.features(name)
        result["inputs"][name] = [float(real.sum()), float(fake.sum())]
        of_real, of_fake = torch.from_numpy(real), torch.from_numpy(fake)
        result["torch_fidelity_fid"][name] = fid.fid_statistics_to_metric(
            fid.fid_features_to_statistics(of_fake),
            fid.fid_features_to_statistics(of_real),
            verbose=False,
        )[fid.KEY_METRIC_FID]
        result["scipy_fid"][name] = scipy_frechet(real, fake)
        score = kid.kid_features_to_metric(
            of_fake,
            of_real,
            kid_subsets=inputs.SUBSETS["subsets"],
            kid_subset_size=inputs.SUBSETS["subset_size"],
            rng_seed=inputs.SUBSETS["seed"],
            verbose=False,
        )
        result["torch_fidelity_kid"][name] = [
            score[kid.KEY_METRIC_KID_MEAN],
            score[kid.KEY_METRIC_KID_STD],
        ]
        for k in inputs.NEIGHBOURS:
            shares = prc.prc_features_to_metric(of_fake, of_real, prc_neighborhood=k, verbose=False)
            result["torch_fidelity_prc"][f"{name} {k}"] = [
                shares[prc.KEY_METRIC_PRECISION],
                shares[prc.KEY_METRIC_RECALL],
            ]
            with contextlib.redirect_stdout(io.StringIO()):
                shares = prdc.compute_prdc(real, fake, nearest_k=k)
            result["prdc"][f"{name} {k}"] = [float(shares["density"]), float(shares["coverage"])]
    for name in inputs.LOGITS:
        for seed in inputs.SHUFFLES:
            score = isc.isc_features_to_metric(
                torch.from_numpy(inputs.logits(name)),
                splits=10,
                shuffle=seed is not None,
                rng_seed=seed,
            )
            result["torch_fidelity_isc"][f"{name} {seed}"] = [
                score[isc.KEY_METRIC_ISC_MEAN],
                score[isc.KEY_METRIC_ISC_STD],
            ]
    return result


if __name__ == "__main__":
    FILE.write_text(json.dumps(references(), indent=1) + "\n")
    print(FILE)
