"""What all tests share: where the shared material lies, one order of random examples, no fonts of the machine."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
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


@pytest.fixture
def own_pack(tmp_path: Path) -> Callable[..., Path]:
    """Make a pack folder of one's own: a copy of a shipped pack whose parameters ``edit`` changes."""

    def make(edit: Callable[[dict[str, Any]], object], pack: str = "teaching-demo") -> Path:
        home = tmp_path / "own-rules"
        shutil.copytree(ROOT / "data" / "rules" / pack, home)
        file = home / "parameters.yaml"
        parameters = yaml.safe_load(file.read_text(encoding="utf-8"))
        edit(parameters)
        file.write_text(yaml.safe_dump(parameters, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return home

    return make
