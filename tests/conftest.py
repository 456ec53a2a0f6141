"""What all tests share: where the shared material lies, one order of random examples, no fonts of the machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("house", derandomize=True, deadline=None)
settings.load_profile("house")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ``shared`` beside the checkout: real data and oracles that may not be copied into it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder ../shared (real data and published figures) is not beside this checkout")
    return folder


@pytest.fixture
def no_system_fonts() -> Iterator[None]:
    """Let matplotlib see only the fonts it ships: a fresh machine has no others."""
    import matplotlib as mpl
    from matplotlib.font_manager import fontManager

    own = Path(mpl.get_data_path())
    seen = fontManager.ttflist
    fontManager.ttflist = [font for font in seen if own in Path(font.fname).parents]
    fontManager._findfont_cached.cache_clear()
    yield
    fontManager.ttflist = seen
    fontManager._findfont_cached.cache_clear()
