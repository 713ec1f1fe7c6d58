import numpy as np

from engine.recommenders.events import Codes
from engine.recommenders.price_bands import BANDS, banded, bands


def test_bands_are_of_the_category() -> None:
    price = np.r_[np.arange(1.0, 21), np.arange(101.0, 121)]
    category = Codes(np.repeat([0, 1], 20).astype(np.int32), ("socks", "coats"))
    found = bands(price, category).codes
    assert BANDS[found[0]] == "budget"
    assert BANDS[found[19]] == "luxury"
    assert BANDS[found[20]] == "budget"
    assert BANDS[found[39]] == "luxury"


def test_unknown_prices_have_no_band() -> None:
    nothing = Codes(np.full(3, -1, dtype=np.int32), ())
    assert bands(np.array([np.nan, 1.0, 9.0]), nothing).codes[0] == -1
    assert (bands(np.full(3, np.nan), nothing).codes == -1).all()


def test_another_price_falls_in_the_band_of_todays_edges() -> None:
    price = np.r_[np.arange(1.0, 21), np.arange(101.0, 121)]
    category = Codes(np.repeat([0, 1], 20).astype(np.int32), ("socks", "coats"))
    rows = np.array([0, 20])
    assert banded(price, category, rows, np.array([99.0, 99.0])).tolist() == [2, 0]
    assert banded(price, category, rows, price[rows]).tolist() == bands(price, category).codes[rows].tolist()
