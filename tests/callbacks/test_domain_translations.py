import numpy as np

from kgen.callbacks import DomainTranslations


def test_a_row_for_each_domain_stands_below_the_sources(tmp_path):
    class Scaler:
        def translate(self, images, labels):
            return images * labels

    sources = np.linspace(0.1, 0.5, 14).reshape(14, 1, 1, 1)
    picture = DomainTranslations(tmp_path, sources, [0, -1])
    picture.set_model(Scaler())
    shown = picture.images().ravel()
    first, rest = sources.ravel()[:12], sources.ravel()[12:]
    white = np.ones(10)  # so that the two that are left stand below each other as well
    last = [row for part in (rest, 0 * rest, -rest) for row in (part, white)]
    by_hand = np.concatenate([first, 0 * first, -first, *last])
    np.testing.assert_allclose(shown, by_hand)
    assert picture.path(3) == tmp_path / "translations" / "epoch_0003.png"
