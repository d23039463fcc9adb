"""How many cores a process may use: its affinity, and the share of its container."""

import os

import pytest

from paddle_gan.system import runtime
from tests.system.test_runtime import python

CONTROL_GROUPS = {  # own groups, files, cores of 64
    "none": ("0::/\n", {}, 64),
    "v2, no limit": ("0::/\n", {"cpu.max": "max 100000"}, 64),
    "v2, two cores": ("0::/\n", {"cpu.max": "200000 100000"}, 2),
    "v2, rounded up": ("0::/\n", {"cpu.max": "150000 100000"}, 2),
    "v2, half a core": ("0::/\n", {"cpu.max": "50000 100000"}, 1),
    "v2, more than there are": ("0::/\n", {"cpu.max": "9900000 100000"}, 64),
    "v2, a group within a group": (
        "0::/a/b\n",
        {"a/b/cpu.max": "max 100000", "a/cpu.max": "300000 100000", "cpu.max": "max 100000"},
        3,
    ),
    "v2, the path of the host": ("0::/docker/1234\n", {"cpu.max": "400000 100000"}, 4),
    "v1, no limit": (
        "3:cpu,cpuacct:/\n2:memory:/\n",
        {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
        64,
    ),
    "v1, rounded up": (
        "3:cpuacct,cpu:/\n2:memory:/\n",
        {"cpu/cpu.cfs_quota_us": "250000", "cpu/cpu.cfs_period_us": "100000"},
        3,
    ),
    "v1, another controller": (
        "3:cpuset:/a\n0::/\n",
        {"cpu/a/cpu.cfs_quota_us": "100000", "cpu/a/cpu.cfs_period_us": "100000"},
        64,
    ),
    "v1, the path of the host": (
        "1:cpu:/docker/1234\n",
        {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "50000"},
        2,
    ),
    "garbage": ("0::/\n", {"cpu.max": "many"}, 64),
}


@pytest.mark.parametrize("case", CONTROL_GROUPS)
def test_a_container_grants_a_share_of_the_cores(case, monkeypatch, tmp_path):
    own, files, expected = CONTROL_GROUPS[case]
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(64), raising=False)
    for name, content in files.items():
        file = tmp_path / "groups" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content + "\n")
    (tmp_path / "own").write_text(own)
    monkeypatch.setattr(runtime, "_CONTROL_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(runtime, "_OWN_CONTROL_GROUPS", tmp_path / "own")
    assert runtime.cores() == expected


def test_a_machine_without_control_groups(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: range(6), raising=False)
    monkeypatch.setattr(runtime, "_OWN_CONTROL_GROUPS", tmp_path / "missing")
    assert runtime.cores() == 6


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="not Linux")
def test_cores_are_those_this_process_may_use():
    script = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    run = python("-c", script + "from paddle_gan.system.runtime import cores; print(cores())")
    assert run.stdout == "1\n"
