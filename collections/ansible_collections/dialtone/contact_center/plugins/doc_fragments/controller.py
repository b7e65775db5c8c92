# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the documentation of the plugins shares that work on the controller alone."""

from __future__ import annotations


class ModuleDocFragment:
    """The attributes of all of them, and the options that several have."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Changes nothing on a host, so it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing on a host, so it has no diff.
    support: none
  platform:
    description: Runs on the controller.
    platforms: posix
    support: full
"""

    MODEL = r"""
options:
  model:
    description: The site model, the fact C(site_model) that C(playbooks/validate.yml) sets.
    type: dict
    required: true
"""

    BUILD_DIRECTORY = r"""
options:
  build_directory:
    description: Directory below which the directory of the site is made, relative to the current one.
    type: str
    default: build
"""
