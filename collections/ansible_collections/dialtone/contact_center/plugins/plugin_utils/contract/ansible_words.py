# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The variables that are Ansible's own, and the ones that Ansible would set over a person's."""

from __future__ import annotations

from ansible_collections.dialtone.contact_center.plugins.plugin_utils.contract.spelling import nearest

_CONNECTION = """
    ansible_host ansible_port ansible_user ansible_password ansible_connection ansible_timeout ansible_pipelining
    ansible_python_interpreter ansible_shell_type ansible_shell_executable ansible_executable ansible_remote_tmp
    ansible_async_dir ansible_system_tmpdirs ansible_module_compression ansible_group_priority ansible_network_os
    ansible_private_key_file ansible_ssh_private_key_file ansible_ssh_private_key ansible_ssh_private_key_passphrase
    ansible_ssh_host ansible_ssh_port ansible_ssh_user ansible_ssh_pass ansible_ssh_password ansible_ssh_passphrase
    ansible_ssh_password_mechanism ansible_ssh_common_args ansible_ssh_extra_args ansible_ssh_args ansible_ssh_executable
    ansible_ssh_pipelining ansible_ssh_timeout ansible_ssh_retries ansible_ssh_host_key_checking ansible_ssh_use_tty
    ansible_ssh_transfer_method ansible_ssh_verbosity ansible_ssh_ssh_agent ansible_ssh_pkcs11_provider
    ansible_host_key_checking ansible_scp_executable ansible_scp_extra_args ansible_sftp_executable
    ansible_sftp_extra_args ansible_sftp_batch_mode ansible_scp_if_ssh ansible_control_path ansible_control_path_dir
    ansible_persistent_connect_timeout ansible_persistent_command_timeout
    ansible_become ansible_become_method ansible_become_user ansible_become_password ansible_become_pass
    ansible_become_exe ansible_become_flags ansible_become_prompt_l10n ansible_become_allow_same_user
    ansible_sudo_user ansible_sudo_pass ansible_sudo_exe ansible_sudo_flags ansible_sudo_chdir
    ansible_su_user ansible_su_pass ansible_su_exe ansible_su_flags ansible_su_prompt_l10n
    ansible_winrm_user ansible_winrm_password ansible_winrm_scheme ansible_winrm_path ansible_winrm_port ansible_winrm_transport
    ansible_winrm_server_cert_validation ansible_winrm_ca_trust_path ansible_winrm_connection_timeout
    ansible_winrm_operation_timeout_sec ansible_winrm_read_timeout_sec ansible_winrm_kinit_mode ansible_winrm_kinit_cmd
    ansible_winrm_cert_pem ansible_winrm_cert_key_pem
    ansible_psrp_protocol ansible_psrp_auth ansible_psrp_cert_validation ansible_psrp_port ansible_psrp_path
    ansible_psrp_ignore_proxy ansible_psrp_connection_timeout ansible_psrp_read_timeout ansible_psrp_operation_timeout
    ansible_paramiko_host_key_checking ansible_paramiko_proxy_command ansible_paramiko_timeout
"""
CONNECTION = frozenset(_CONNECTION.split())
SET_BY_INVENTORY = frozenset({"inventory_file", "inventory_dir", "inventory_hostname", "inventory_hostname_short", "group_names"})
LANGUAGE_INTERPRETERS = ("ansible_", "_interpreter")


def is_ansible_word(name: str) -> bool:
    return name in CONNECTION or name in SET_BY_INVENTORY or _is_interpreter(name)


def _is_interpreter(name: str) -> bool:
    start, end = LANGUAGE_INTERPRETERS
    return name.startswith(start) and name.endswith(end) and len(name) > len(start + end)


def nearest_ansible_word(name: str) -> str | None:
    return nearest(name, sorted(CONNECTION))
