import csv

from kgen.callbacks import HistoryFile
from kgen.history import read_history


def test_one_row_an_epoch_in_full_precision(make_fading, fit_on, tmp_path, curves):
    history = fit_on(make_fading(), 2, [HistoryFile(tmp_path)]).history
    with open(tmp_path / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row.pop("epoch") for row in rows] == ["1", "2"]
    assert rows[0].keys() == history.keys()
    for index, row in enumerate(rows):
        assert {name: float(text) for name, text in row.items()} == {
            name: values[index] for name, values in history.items()
        }
    assert curves == [(read_history(tmp_path / "history.csv"), tmp_path / "history.png")]


def test_rows_of_past_epochs_are_kept_and_later_ones_dropped(make_fading, fit_on, tmp_path):
    model = make_fading()
    fit_on(model, 2, [HistoryFile(tmp_path)])
    before = read_history(tmp_path / "history.csv")
    with open(tmp_path / "history.csv", "a") as file:
        file.write("3,9.0\n")  # of an epoch that the model has not seen
    fit_on(model, 3, [HistoryFile(tmp_path)])
    after = read_history(tmp_path / "history.csv")
    assert after[:2] == before
    assert [row["epoch"] for row in after] == [1, 2, 3]
    assert 9.0 not in after[2].values()


def test_a_new_model_starts_a_new_history(make_fading, fit_on, tmp_path):
    fit_on(make_fading(), 2, [HistoryFile(tmp_path)])
    fit_on(make_fading(), 1, [HistoryFile(tmp_path)])
    assert [row["epoch"] for row in read_history(tmp_path / "history.csv")] == [1]


def test_quantities_that_come_later_get_a_column(tmp_path, make_fading):
    file = HistoryFile(tmp_path)
    file.set_model(make_fading())
    file.on_train_begin()
    file.on_epoch_end(0, {"loss": 1.5})
    file.on_epoch_end(1, {"loss": 1.0, "val_loss": 2.0})
    text = (tmp_path / "history.csv").read_text()
    assert text == "epoch,loss,val_loss\n0,1.5,\n0,1.0,2.0\n"
