from tests.faults.homes import _shop_home, _trained_home, copy_trained, shop_home, trained_home  # noqa: F401  # fixtures
