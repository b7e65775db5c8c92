#!/usr/bin/python
# Copyright: Dialtone maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Documentation only: the action plugin of the same name watches, vendor_dialogue_remote starts and reads on the host.
from __future__ import annotations

DOCUMENTATION = r"""
module: vendor_dialogue
short_description: Run a vendor program that asks questions, or takes long
version_added: 0.1.0
author: [Dialtone maintainers (@dialtone)]
description:
  - Runs a program on a terminal of its own, answers its prompts as its dialogue in C(dialogues/) says, and shows what it prints
    while it runs. Secrets are masked wherever something is kept or shown.
  - The terminal belongs to a detached unit of systemd on the host. The program survives the loss of the connection and of the
    controller; the next call with the same O(job) finds it again, and never starts a second one beside it.
  - A prompt that the dialogue does not know is never answered. Before the point of no return the program is left by its
    documented keys (POM-INST-02), and where they do not end it, by a signal. Past it the program stays as it is, the task
    fails with its screen, and a person goes on with the command RV(attach).
  - A program that ended while nobody looked, and had done something, is reported by the next call instead of being started again.
  - The task fails unless the program succeeded by what it printed and its exit code. Whether its work is really done is for the
    role to prove from evidence.
options:
  dialogue:
    description: Name of the dialogue, a file of C(dialogues/) without its ending.
    type: str
    required: true
  job:
    description: Name of this piece of work, unique on the host; by default that of the dialogue.
    type: str
  argv:
    description:
      - The program and its arguments. A relative program is looked up in O(chdir).
      - The element V(secret:NAME) becomes that secret where the program is started. Everybody on the host can read it there, so
        it is for vendor programs that take it in no other way (POM-CERT-06).
    type: list
    elements: str
    required: true
  chdir:
    description: Directory in which it runs.
    type: path
    default: /
  answers:
    description: The answers that the dialogue names, none of them secret.
    type: dict
    default: {}
  secrets:
    description: The secrets that the dialogue names. They are never shown, and never written on the host.
    type: dict
    default: {}
  overlay:
    description: What the site changes of the dialogue, such as the wording of a prompt. Its entry of C(site_dialogues).
    type: dict
    default: {}
  environment:
    description: Variables beside those of a login of root, none of them secret.
    type: dict
    default: {}
  restart:
    description:
      - Whether a job that was interrupted, by a restart of its host or by its supervisor's end, may be started again.
      - V(never) reports it each time. V(if_before_no_return) starts it again where it had not passed its point of no return.
      - V(always) is for who has looked at what it left.
      - V(attach_only) starts none at all. It waits for the job that was seen to run, or tells how it ended meanwhile.
    type: str
    choices: [never, if_before_no_return, always, attach_only]
    default: never
  lease:
    description:
      - The lease that this run holds, to be renewed while the program runs, also where the controller is gone.
      - The token is the one of M(dialtone.contact_center.site_lease).
    type: dict
    default: {}
    suboptions:
      site:
        description: Name of the site.
        type: str
        required: true
      data_center:
        description: Name of the data center.
        type: str
        required: true
      run:
        description: Token of the run.
        type: str
        required: true
  wait_seconds:
    description:
      - How long to watch; by default the time that the dialogue allows the program, and a minute.
      - After it the task fails with RV(state) V(running), and the program goes on.
    type: float
  directory:
    description: Directory of the jobs on the host, made where it is missing.
    type: path
    default: /var/lib/dialtone/jobs
seealso:
  - module: dialtone.contact_center.site_lease
attributes:
  check_mode:
    support: partial
    description: Says what would be run and asked, and looks at nothing on the host.
  diff_mode:
    support: none
    description: What a vendor program changes is not known beforehand.
  platform:
    support: full
    description: Linux hosts with systemd and Python 3.9 or newer.
    platforms: posix
"""

EXAMPLES = r"""
- name: Install | Run the vendor's installer
  dialtone.contact_center.vendor_dialogue:
    dialogue: installPOM_primary
    job: installPOM
    argv: [./installPOM]
    chdir: /mnt
    answers:
      install_path: /opt/Avaya/avpom
      overwrite: false
      applications: true
      certificate: import
      certificate_path: /root/pom.p12
    secrets: {certificate_password: "{{ pom_server_certificate_password }}"}
  register: pom_server_installer

- name: Certificate | Import the identity of this host
  dialtone.contact_center.vendor_dialogue:
    dialogue: pomCertificateImport
    argv: [./pomCertificateImport.sh, /root/pom.p12, secret:pkcs12_password]
    chdir: /opt/Avaya/avpom/POManager/bin
    secrets: {pkcs12_password: "{{ pom_server_certificate_password }}"}
"""

RETURN = r"""
state:
  description:
    - V(succeeded); V(failed) by what it printed or its exit code; V(aborted), left before its point of no return;
      V(waiting_for_person); V(running), where it was not waited for any longer; V(interrupted). All but the first fail the task.
  returned: always
  type: str
  sample: succeeded
job:
  description: Name of the job.
  returned: always
  type: str
again:
  description: Whether the job was found, and not started by this call.
  returned: when the host was asked
  type: bool
step:
  description: Id of the step that was awaited last; empty where nothing more was to be asked.
  returned: when the host was asked
  type: str
reason:
  description: What was observed, where it did not succeed.
  returned: when the host was asked
  type: str
answered:
  description: The steps that were answered, in their order, with what was typed where it is no secret.
  returned: when the host was asked
  type: list
  elements: dict
assumed:
  description: Those of them whose prompt the vendor's documents do not give.
  returned: when the host was asked
  type: list
  elements: str
seen:
  description: The marks of success that were printed.
  returned: when the host was asked
  type: list
  elements: str
past_no_return:
  description: Whether the point of no return was passed at any time.
  returned: when the host was asked
  type: bool
exit_code:
  description: Exit code, negative for the signal that ended it; none where it has not ended.
  returned: when the host was asked
  type: int
seconds:
  description: How long it ran.
  returned: when the host was asked
  type: float
captured:
  description:
    - What the program printed to be used, under the names that the dialogue's C(capture) gives them.
    - Where one of them is a secret, the whole result is hidden from output, and can only be used from the registered variable.
  returned: success, where the dialogue captures something
  type: dict
trouble:
  description: What is known of the failure - C(id), C(about), C(cause), C(remedy), C(captured).
  returned: when the host was asked
  type: list
  elements: dict
transcript:
  description: The last lines that it printed, secrets masked. All of it is on the host, in C(transcript) of the job's directory.
  returned: when the host was asked
  type: list
  elements: str
attach:
  description: The command by which root on the host goes on with the program by hand.
  returned: when the host was asked
  type: str
msg:
  description: What happened, with the cause where it is known.
  returned: always
  type: str
next_step:
  description: What to do.
  returned: failure
  type: str
"""
