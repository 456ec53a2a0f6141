"""Warm kernels: each used once, sharing nothing, ended with whoever asked for them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import nbformat
import papermill
import pytest
from jupyter_client.provisioning import KernelProvisionerFactory
from nbformat.v4 import new_code_cell, new_notebook

from perfkit.reporting import execution, kernels
from perfkit.reporting.kernels import engine, limits, pool, provisioner, sharing

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

forks = pytest.mark.skipif(bool(pool.supported()), reason="this system has no warm kernels")
proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="processes are looked at in /proc")


@pytest.fixture(scope="module", autouse=True)
def _ended():
    yield
    kernels.close()


@pytest.fixture
def run(tmp_path):
    """Run cells as a notebook in a folder with a Chinese name, in a warm kernel unless told otherwise."""
    root = tmp_path / "办公室 {x}"
    root.mkdir()

    def run(*sources, **settings):
        path = root / "in.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
        return execution.execute(path, {}, root=root, kept=root / "out.ipynb", **settings)

    run.root = root
    return run


def printed(ran):
    outputs = [output for cell in ran.notebook.cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.output_type == "stream")


def alive(mark):
    """Return the processes that have ``mark`` on their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if mark in words:
            found.append(int(path.parent.name))
    return found


def gone(*pids):
    return not any(Path(f"/proc/{pid}").exists() and _state(pid) != "Z" for pid in pids)


def _state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def within(seconds, true):
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    return true()


LOOK = """
import builtins, json, locale, logging, os, random, signal, sys, threading, warnings
import matplotlib, numpy, pandas
print(json.dumps({
    "names": sorted(name for name in globals() if not name.startswith("_")),
    "environment": sorted(os.environ.items()),
    "directory": os.getcwd(),
    "umask": os.umask(0o22),
    "path": sys.path,
    "argv": sys.argv,
    "modules": sorted(name for name in sys.modules if name.split(".")[0] in ("left_behind", "antigravity")),
    "builtins": sorted(dir(builtins)),
    "warnings": [str(each) for each in warnings.filters],
    "rc": str(matplotlib.rcParams),
    "pandas": pandas.get_option("display.max_rows"),
    "patched": str(pandas.read_csv.__module__),
    "level": logging.getLogger().level,
    "signals": [str(signal.getsignal(each)) for each in (signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1)],
    "threads": threading.active_count(),
    "recursion": sys.getrecursionlimit(),
    "locale": locale.setlocale(locale.LC_ALL),
    "errors": numpy.geterr(),
    "files": sorted(os.readlink(f"/proc/self/fd/{each}").split(":")[0] for each in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{each}")),
}, default=str))
"""
LEAVE = """
import builtins, logging, os, random, signal, socket, sys, threading, time, types, warnings
import matplotlib, numpy, pandas
name_of_a_report = 1
os.environ["LEFT_BEHIND"] = "1"; os.environ.pop("HOME", None)
os.mkdir("elsewhere"); os.chdir("elsewhere"); os.umask(0o77)
sys.path.insert(0, "/left/behind"); sys.argv.append("left")
sys.modules["left_behind"] = types.ModuleType("left_behind")
builtins.left_behind = 1
warnings.simplefilter("error"); warnings.filterwarnings("ignore", "left behind")
matplotlib.rcParams["font.size"] = 99
pandas.set_option("display.max_rows", 3); pandas.read_csv = print
logging.getLogger().setLevel(1)
signal.signal(signal.SIGUSR1, lambda *_: None); signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.setrecursionlimit(4321)
numpy.seterr(all="raise")
random.seed(1); numpy.random.seed(1)
held = open("held", "w"), socket.socket(), os.pipe()
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
"""


@forks
@proc
def test_a_report_finds_nothing_of_the_one_before(run):
    first, left, second = run(LOOK), run(LEAVE), run(LOOK)
    assert [each.outcome for each in (first, left, second)] == ["ok"] * 3
    seen, again = json.loads(printed(first)), json.loads(printed(second))
    assert seen == again
    assert seen["directory"] == str(run.root)
    assert "LEFT_BEHIND" not in dict(seen["environment"])
    assert os.environ.get("LEFT_BEHIND") is None


@forks
def test_random_numbers_are_each_reports_own(run):
    draw = "import random, tempfile, uuid, numpy\nprint(random.random(), numpy.random.random(), uuid.uuid4(), "
    draw += "tempfile.mktemp(), numpy.random.default_rng().random())"
    drawn = [printed(run(draw)).split() for _ in range(3)]
    assert [len(set(numbers)) for numbers in zip(*drawn, strict=True)] == [3] * 5
    # The first number after seed 1, as in numpy's and Python's documentation of any version.
    seeded = run(
        "import random, numpy\nnumpy.random.seed(1); random.seed(1)\nprint(numpy.random.rand(), random.random())"
    )
    assert printed(seeded).split() == ["0.417022004702574", "0.13436424411240122"]


@forks
@proc
def test_a_kernel_holds_no_file_of_its_owner_or_server(run):
    held = os.pipe()
    for end in held:
        os.set_inheritable(end, True)
    look = (
        "import os\nfor each in os.listdir('/proc/self/fd'):\n    try: print(os.readlink(f'/proc/self/fd/{each}'))\n"
    )
    look += "    except OSError: pass"
    try:
        theirs = set(printed(run(look)).split())
        server = {_link(fd) for pid in kernels.servers() for fd in Path(f"/proc/{pid}/fd").iterdir()}
        mine = {_link(fd) for fd in Path("/proc/self/fd").iterdir()}
    finally:
        for end in held:
            os.close(end)
    shared = {each for each in theirs & (mine | server) if each.startswith(("pipe:", "socket:"))}
    assert shared == set()
    # The channel and the two ends by which asyncio wakes itself.
    assert sum(each.startswith("socket:") for each in theirs) == 3
    assert sum(each.startswith("pipe:") for each in theirs) == 2


def _link(path):
    try:
        return os.readlink(path)  # noqa: PTH115
    except OSError:
        return ""


FOREIGN = [
    "import sys\nprint('甲'); print('乙', file=sys.stderr); print('丙')",
    "1 + 1",
    "from IPython.display import HTML, Markdown, clear_output, display",
    "held = display(HTML('<b>1</b>'), display_id='d')",
    "display(Markdown('# 标题'), HTML('<i>x</i>'))\nheld.update(HTML('<b>2</b>'))",
    "print('gone'); clear_output(); print('kept')",
    "clear_output(wait=True); print('waited')",
    "import asyncio\nawait asyncio.sleep(0.01)\n'awaited'",
    "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1)); plt.plot([1, 2]);",
    "import pandas as pd\npd.DataFrame({'列': [1.5, None]})",
    "!echo from the shell",
    "%%capture held\nprint('captured')",
    "held.stdout, _2, In[2]",
    "import ipywidgets as w\nbox = w.Output()\nwith box: print('inside')\nbox.outputs",
    "len(box.outputs), w.IntSlider(3).value",
    "get_ipython().run_line_magic('xmode', 'Plain')\n1 / 0",
]


@forks
def test_a_notebook_comes_out_as_from_an_ordinary_kernel(run):
    """The peer is ipykernel over ZMQ, driven by nbclient."""
    warm, ordinary = run(*FOREIGN), run(*FOREIGN, warm=False)
    assert warm.outcome == ordinary.outcome == "cell error"
    assert warm.error == ordinary.error == "ZeroDivisionError: division by zero"
    for mine, theirs in zip(_shown(warm), _shown(ordinary), strict=True):
        assert mine == theirs
    cells = [cell for cell in warm.notebook.cells if cell.cell_type == "code"]
    states = [cell.metadata.papermill.status for cell in cells]
    assert states == [cell.metadata.papermill.status for cell in ordinary.notebook.cells if cell.cell_type == "code"]
    assert warm.notebook.metadata.language_info == ordinary.notebook.metadata.language_info
    assert len(_widgets(warm)) == len(_widgets(ordinary)) > 0


def _widgets(ran):
    return (
        ran.notebook.metadata.get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {}).get("state", {})
    )


def _shown(ran):
    """Return what each cell shows; what is printed is one text a stream, whatever it was cut into."""
    for cell in ran.notebook.cells:
        shown = []
        for output in cell.get("outputs", []):
            told = {name: value for name, value in output.items() if name not in ("metadata",)}
            shown.append(told)
        # Which of the two streams comes first is a matter of luck with ZMQ.
        streams = {}
        for told in [each for each in shown if each["output_type"] == "stream"]:
            streams[told["name"]] = streams.get(told["name"], "") + told["text"]
        yield cell.get("execution_count"), streams, [each for each in shown if each["output_type"] != "stream"]


ENDS = {
    "error": ("raise ValueError('坏了')", "cell error", "ValueError: 坏了"),
    "exit": ("import sys; sys.exit(3)", "cell error", "SystemExit: 3"),
    "input": ("input('?')", "cell error", "StdinNotImplementedError: raw_input was called, but this frontend does"),
    "getpass": ("import getpass; getpass.getpass()", "cell error", "StdinNotImplementedError: getpass was called"),
    "left": ("import os; os._exit(3)", "killed", "DeadKernelError: Kernel died: exit code 3"),
    "crash": ("import os; os.kill(os.getpid(), 11)", "killed", "DeadKernelError: Kernel died: SIGSEGV"),
    "killed": ("import os; os.kill(os.getpid(), 9)", "killed", "DeadKernelError: Kernel died: SIGKILL"),
}


@forks
@pytest.mark.parametrize("how", ENDS)
def test_each_end_is_an_outcome(run, how):
    source, outcome, error = ENDS[how]
    ran = run("print('before', flush=True)", source, "print('after')")
    assert ran.outcome == outcome
    assert ran.error.startswith(error)
    assert printed(ran).startswith("before\n")
    assert "after" not in printed(ran)
    assert nbformat.read(run.root / "out.ipynb", as_version=4) == ran.notebook


@forks
def test_a_process_left_behind_does_not_keep_a_dead_kernel_alive(run):
    source = "import os, time\nif os.fork() == 0:\n    time.sleep(1000)\nos._exit(3)"
    ran = run(source, time_limit=30)
    assert (ran.outcome, ran.seconds < 20) == ("killed", True)


LIMITS = {
    "cell": ({"timeout": 0.7}, "timeout", "a cell took longer than 0.7 s"),
    "report": ({"time_limit": 0.7, "timeout": 60}, "timeout", "the report took longer than 0.7 s"),
    "memory": (
        {"memory_limit": 700 << 20, "timeout": 60},
        "killed",
        "DeadKernelError: memory: the report held more than",
    ),
}


@pytest.mark.parametrize("warm", [pytest.param(True, marks=forks), False], ids=["warm", "ordinary"])
@pytest.mark.parametrize("what", LIMITS)
def test_no_limit_is_passed_and_none_hangs(run, what, warm):
    settings, outcome, error = LIMITS[what]
    taking = "import time\nprint('begun', flush=True)\ntime.sleep(0.3)\nheld = bytes(1) * (900 << 20)\ntime.sleep(60)"
    begun = time.monotonic()
    ran = run(taking, warm=warm, **settings)
    assert ran.outcome == outcome
    assert ran.error.startswith(error)
    assert printed(ran) == "begun\n"
    assert time.monotonic() - begun < 50


def test_the_shorter_of_two_time_limits_counts():
    given = limits.Limits(cell=5, report=100)
    assert given.of_this_cell() == 5
    assert limits.Limits(cell=5, report=1, begun=time.monotonic() - 0.5).of_this_cell() == pytest.approx(0.5, abs=0.2)
    assert limits.Limits(cell=5, report=1, begun=time.monotonic() - 9).of_this_cell() > 0
    assert limits.Limits().of_this_cell() is None


@proc
def test_resident_memory_is_what_the_system_says():
    told = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    assert limits.resident(os.getpid()) == pytest.approx(int(told.split()[1]) << 10, rel=0.2)
    assert limits.resident(2**22 + 1) == 0


@forks
@proc
@pytest.mark.parametrize("settings", [{}, {"timeout": 1}], ids=["done", "timeout"])
def test_what_a_report_started_ends_with_it(run, settings):
    mark = f"left-behind-{time.monotonic_ns()}"
    start = (
        f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)', '{mark}'])"
    )
    more = ["import time; time.sleep(1000)"] if settings else []
    ran = run(start, "print(1)", *more, **settings)
    assert ran.outcome == ("timeout" if settings else "ok")
    assert within(5, lambda: not alive(mark))


@forks
@proc
def test_a_server_that_dies_is_replaced(run, monkeypatch):
    kernels.close()
    monkeypatch.setenv(pool.PRELOAD_VARIABLE, "")
    assert run("1").outcome == "ok"
    (server,) = kernels.servers()
    os.kill(server, signal.SIGKILL)
    assert run("1").outcome == "ok"
    (second,) = kernels.servers()
    assert second != server
    ran = run(f"print(1, flush=True)\nimport os, time\nos.kill({second}, 9)\ntime.sleep(1000)", time_limit=60)
    assert (ran.outcome, ran.error) == ("killed", "DeadKernelError: Kernel died: SIGKILL")
    assert run("1").outcome == "ok"
    kernels.close()


# A shell that starts something in the background has it ignore SIGINT, and what it starts in turn.
SCRIPT = """
import signal, sys, nbformat
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from nbformat.v4 import new_code_cell, new_notebook
from perfkit.reporting import execution, kernels
root, mark = Path(sys.argv[1]), sys.argv[2]
nap = f"[sys.executable, '-c', 'import time; time.sleep(1000)', '{mark}']"
cell = f"import os, subprocess, sys, time\\nsubprocess.Popen({nap})\\n"
cell += "open('told', 'w').write(f'{os.getpid()} {os.getppid()}')\\nwhile True: time.sleep(0.01)"
nbformat.write(new_notebook(cells=[new_code_cell(cell)]), root / "in.ipynb")
execution.execute(root / "in.ipynb", {}, root=root, kept=root / "out.ipynb")
"""


@forks
@proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_owner(tmp_path, number):
    mark = f"orphan-{time.monotonic_ns()}"
    words = [sys.executable, "-c", SCRIPT, str(tmp_path), mark]
    env = {**os.environ, pool.PRELOAD_VARIABLE: ""}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as owner:
        told = tmp_path / "told"
        assert within(120, lambda: told.exists() and len(told.read_text().split()) == 2)
        kernel, server = map(int, told.read_text().split())
        assert not gone(kernel)
        assert len(alive(mark)) == 2
        owner.send_signal(number)
        try:
            out, err = owner.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            owner.kill()
            raise
    assert owner.returncode == -number
    assert within(5, lambda: gone(kernel, server) and not alive(mark))
    assert out == ""
    assert "IPKernelApp" not in err
    assert ("KeyboardInterrupt" in err) == (number == signal.SIGINT)


def test_where_there_is_no_fork_ordinary_kernels_serve_and_it_is_said_once(run, monkeypatch, caplog):
    kernels.close()
    monkeypatch.delattr(os, "fork")
    engine._say_once.cache_clear()
    first, second = run("print('done')"), run("print('done')")
    assert [each.outcome for each in (first, second)] == ["ok", "ok"]
    assert printed(first) == "done\n"
    said = [each.getMessage() for each in caplog.records if each.name == "perfkit.kernels"]
    assert len(said) == 1
    assert "has no fork" in said[0]
    assert "预热内核" in said[0]
    assert kernels.servers() == []


@forks
def test_where_the_fork_fails_ordinary_kernels_serve(run, monkeypatch, caplog):
    kernels.close()
    # A preloaded module that leaves a thread running: a fork would copy its locks without it.
    threading_module = run.root / "restless.py"
    threading_module.write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(999,), daemon=True).start()"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(run.root), os.environ.get("PYTHONPATH", str(ROOT))]))
    monkeypatch.setenv(pool.PRELOAD_VARIABLE, "restless")
    engine._say_once.cache_clear()
    assert run("print('done')").outcome == "ok"
    assert "run threads" in caplog.text
    kernels.close()


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_ordinary_kernels_can_be_asked_for(run, monkeypatch, how):
    kernels.close()
    if how == "environment":
        monkeypatch.setenv("PERFKIT_KERNELS", "ordinary")
    assert run("1", **({"warm": False} if how == "argument" else {})).outcome == "ok"
    assert kernels.servers() == []


@forks
def test_what_a_report_imported_is_there_for_the_next_but_not_the_users_own_modules(run):
    look = "import sys\nprint('xml.dom.minidom' in sys.modules, 'sklearn.cluster' in sys.modules)"
    own = "\nimport mine, sklearn.cluster, xml.dom.minidom\nprint(mine.value)"
    (run.root / "mine.py").write_text("value = 1")
    assert printed(run(look + own)).split()[1:] == ["False", "1"]
    (run.root / "mine.py").write_text("value = 'changed'")
    assert printed(run(look + own)).split() == ["False", "True", "changed"]


@forks
def test_a_file_left_open_is_written_to_its_end(run):
    run(
        "import tempfile\nheld = open('held.txt', 'w'); held.write('all')\n"
        "folder = tempfile.TemporaryDirectory(dir='.')"
    )
    assert (run.root / "held.txt").read_text() == "all"
    assert sorted(path.name for path in run.root.iterdir()) == ["held.txt", "in.ipynb", "out.ipynb"]


@forks
def test_nothing_reaches_the_terminal(run, capfd):
    slow = "import ipywidgets\nbox = ipywidgets.Output()\nbox"
    assert run(slow, "import os; os.system('echo loud; echo louder >&2')").outcome == "ok"
    assert run(slow, warm=False).outcome == "ok"
    assert run("import time; time.sleep(60)", timeout=1, warm=False).outcome == "timeout"
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def registered(monkeypatch):
    """Let jupyter_client see, as after an installation, the kernel and what it is provisioned by."""
    name, value = next(iter(PROJECT["entry-points"]["jupyter_client.kernel_provisioners"].items()))
    known = KernelProvisionerFactory.instance().provisioners
    monkeypatch.setitem(known, name, EntryPoint(name, value, KernelProvisionerFactory.GROUP_NAME))
    monkeypatch.setattr("jupyter_core.paths.SYSTEM_JUPYTER_PATH", [str(ROOT / "data")])
    return name


@forks
def test_papermill_finds_the_kernel_and_it_is_warm(run, registered, tmp_path, capfd):
    tell = "import os, json\nprint(json.dumps([os.getcwd(), os.getppid(), 'pandas' in __import__('sys').modules]))"
    path, out = run.root / "in.ipynb", tmp_path / "out.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(tell), new_code_cell("x")]), path)
    before = set(Path(tempfile.gettempdir()).glob("pk-*"))
    escaped = str(path).replace("{", "{{").replace("}", "}}")
    with pytest.raises(papermill.PapermillExecutionError, match="name 'x' is not defined"):
        papermill.execute_notebook(escaped, out, kernel_name=registered, cwd=str(run.root), progress_bar=False)
    cells = [cell for cell in nbformat.read(out, as_version=4).cells if cell.cell_type == "code"]
    assert json.loads(cells[0].outputs[0].text) == [str(run.root), *kernels.servers(), True]
    assert set(Path(tempfile.gettempdir()).glob("pk-*")) == before
    assert capfd.readouterr().out == ""


@forks
def test_a_socket_path_stays_short(monkeypatch, tmp_path):
    deep = tmp_path / "很深的文件夹" / ("长" * 30)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    folder = provisioner._short_folder()
    try:
        assert len(os.fsencode(folder)) <= 80
        assert Path(folder).stat().st_mode & 0o777 == 0o700
    finally:
        Path(folder).rmdir()


@forks
def test_a_plain_papermill_call_uses_the_engine(run):
    path = run.root / "in.ipynb"
    cells = [
        new_code_cell("n = 1", metadata={"tags": ["parameters"]}),
        new_code_cell("import os; print(n, os.getppid())"),
    ]
    spec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": spec}), path)
    papermill.engines.papermill_engines.register(kernels.ENGINE, kernels.WarmEngine)
    escaped = str(path).replace("{", "{{").replace("}", "}}")
    made = papermill.execute_notebook(escaped, None, {"n": 2}, engine_name=kernels.ENGINE, progress_bar=False)
    assert made.cells[-1].outputs[0].text.split() == ["2", str(kernels.servers()[0])]


def test_the_package_registers_what_it_offers():
    groups = PROJECT["entry-points"]
    assert EntryPoint("n", groups["papermill.engine"][kernels.ENGINE], "g").load() is kernels.WarmEngine
    named = groups["jupyter_client.kernel_provisioners"]["perfkit-warm"]
    assert EntryPoint("n", named, "g").load() is provisioner.WarmProvisioner
    spec = json.loads((ROOT / "data/kernels/perfkit-warm/kernel.json").read_text(encoding="utf-8"))
    assert spec["metadata"]["kernel_provisioner"]["provisioner_name"] in groups["jupyter_client.kernel_provisioners"]
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]
    assert hatch["build"]["targets"]["wheel"]["shared-data"] == {"data/kernels": "share/jupyter/kernels"}


@pytest.fixture
def batch(run, monkeypatch):
    """Run the same cells as reports of one batch that differ in ``b``; the cells in the middle are shared."""
    kernels.close()

    def reports(middle, last, count=3, inputs="of one batch", first="a = 1; b = 0"):
        path, made = run.root / "shared.ipynb", []
        for at in range(count):
            tags = [["parameters"], *[["shared"]] * len(middle), *[[]] * len(last)]
            sources = [first, *middle, *last]
            cells = [new_code_cell(one, metadata={"tags": tag}) for one, tag in zip(sources, tags, strict=True)]
            nbformat.write(new_notebook(cells=cells), path)
            made.append(execution.execute(path, {"b": at}, root=run.root, kept=run.root / "out.ipynb", inputs=inputs))
        return made

    yield reports
    kernels.close()


def shown(ran):
    assert ran.outcome == "ok", ran.error
    return [
        (cell.source, cell.get("execution_count"), json.dumps(cell.get("outputs"), sort_keys=True))
        for cell in ran.notebook.cells
    ]


@forks
def test_shared_cells_run_once_and_reports_look_as_if_they_had_run_them_all(batch, run):
    middle = ["import os, pathlib", "pathlib.Path('ran').open('a').write('x'); c = [a]; print('read')", "c"]
    last = ["c.append(b); d = globals().get('d', 0) + 1", "print(a, b, c, d)", "[*c, b]"]
    alone = [shown(each) for each in batch(middle, last, count=4, inputs="")]
    assert (run.root / "ran").read_text() == "xxxx"
    (run.root / "ran").unlink()
    assert [shown(each) for each in batch(middle, last, count=4)] == alone
    assert (run.root / "ran").read_text() == "xx"  # the first report, and the start that the others begin from


@forks
def test_reports_that_share_a_start_share_nothing_else(batch):
    middle = ["import os, random, numpy as np; held = {'n': 0}; np.random.seed(5); start = np.random.random()"]
    last = [
        "held['n'] += 1; print(held['n'], os.environ.get('LEFT'), start, np.random.random())",
        "os.environ['LEFT'] = '1'; os.mkdir(f'in {b}'); os.chdir(f'in {b}'); open('f', 'w').write('x')",
        "print(random.random(), os.getpid())",
    ]
    made = batch(middle, last, count=4)
    first, second = zip(
        *((each.notebook.cells[3].outputs, each.notebook.cells[5].outputs) for each in made), strict=True
    )
    assert len({str(each) for each in first}) == 1  # what a cell has seeded goes on from there
    drawn = [each[0].text.split() for each in second]
    assert (
        len({one for one, _ in drawn}) == len({pid for _, pid in drawn}) == 4
    )  # what none has, is each report's own


@forks
def test_a_shared_cell_that_needs_what_differs_is_run_by_every_report(batch):
    made = batch(["c = b * 10"], ["print(c)"])
    assert [each.notebook.cells[-1].outputs[0].text for each in made] == ["0\n", "10\n", "20\n"]


@forks
@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("held = open('kept', 'w')", "files open"),
        ("import threading, time; threading.Thread(target=time.sleep, args=(60,), daemon=True).start()", "threads"),
        ("import subprocess; child = subprocess.Popen(['sleep', '60'])", "processes running"),
        ("vars()['wrong'] = eval('b')", "name 'b' is not defined"),
    ],
)
def test_what_cannot_be_shared_is_run_by_every_report_and_said(batch, caplog, cell, why):
    made = batch([cell], ["print(b)"])
    assert [printed(each) for each in made] == ["0\n", "1\n", "2\n"]
    assert why in caplog.text


@forks
def test_a_shared_cell_that_changes_a_parameter_is_not_shared(batch):
    made = batch(["a = a + 1"], ["print(a, b)"])
    assert [printed(each) for each in made] == ["2 0\n", "2 1\n", "2 2\n"]


@forks
def test_other_inputs_are_read_again(batch, run):
    read = ["held = open('data.txt').read()"]
    (run.root / "data.txt").write_text("old")
    assert [printed(each) for each in batch(read, ["print(held)"], inputs="1")] == ["old\n"] * 3
    (run.root / "data.txt").write_text("new")
    assert [printed(each) for each in batch(read, ["print(held)"], inputs="2")] == ["new\n"] * 3


@forks
def test_another_environment_is_another_start(batch, monkeypatch):
    read = ["import os; held = os.environ.get('OFFICE')"]
    for name in ("甲", "乙"):
        monkeypatch.setenv("OFFICE", name)
        assert [printed(each) for each in batch(read, ["print(held)"])] == [f"{name}\n"] * 3


@forks
@proc
def test_a_start_that_dies_costs_no_report_and_none_outlives_its_owner(batch):
    batch(["c = 1"], ["print(c)"])
    (start,) = sharing.processes()
    os.kill(start, signal.SIGKILL)
    assert [printed(each) for each in batch(["c = 1"], ["print(c)"])] == ["1\n"] * 3
    (again,) = sharing.processes()
    assert again != start
    kernels.close()
    assert within(5, lambda: gone(start, again))
