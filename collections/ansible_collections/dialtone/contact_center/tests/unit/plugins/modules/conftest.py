# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a module as Ansible does, in this process: its arguments in, its JSON out."""
from __future__ import annotations

import json
from types import ModuleType
from typing import Any, Callable

import pytest
from ansible.module_utils.testing import patch_module_args


@pytest.fixture
def run_module(capsys: pytest.CaptureFixture[str], tmp_path) -> Callable[..., dict[str, Any]]:
    """run_module(module, arguments, check=False) -> the module's result."""

    def run(module: ModuleType, arguments: dict[str, Any], check: bool = False) -> dict[str, Any]:
        # A directory of its own for each call, as on a host: what one call leaves there must not reach the next.
        temporary = tmp_path / f"ansible-tmp-{len(list(tmp_path.glob('ansible-tmp-*')))}"
        temporary.mkdir(mode=0o700)
        internal = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_tmpdir": str(temporary)}
        with patch_module_args({**arguments, **internal}), pytest.raises(SystemExit):
            module.main()
        return json.loads(capsys.readouterr().out.strip().splitlines()[-1])

    return run
