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


def test_the_last_row_is_the_last_domain_turned_back(tmp_path):
    class Adder:
        def translate(self, images, labels):
            return np.round(images) + np.reshape(labels, (-1, 1, 1, 1)) / 10

    own = np.array([3, 1, 2])
    sources = np.arange(3.0).reshape(3, 1, 1, 1)
    picture = DomainTranslations(tmp_path, sources + 0.2, [4, 2], own=own)
    picture.set_model(Adder())
    there, back = sources.ravel() + 0.4, sources.ravel() + own / 10
    expected = [sources.ravel() + 0.2, there, sources.ravel() + 0.2, back]
    np.testing.assert_allclose(picture.images().ravel(), np.concatenate(expected))
