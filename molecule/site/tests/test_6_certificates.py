"""A certificate that nears its end is renewed, and the services serve the new one. Elsewhere renewals silently do nothing."""
from __future__ import annotations

SERVED = (
    "openssl s_client -connect %s -CAfile /etc/dialtone/tls/ca.crt "
    "-cert /etc/dialtone/tls/node.crt -key /etc/dialtone/tls/node.key </dev/null 2>/dev/null | openssl x509 -noout -serial"
)


def served(lab) -> dict[str, str]:
    """The serial numbers that clients get to see, not those that lie on disk."""
    addresses = ("10.88.1.11:9093", "10.88.1.13:9093", "10.88.1.13:2182")
    return {address: lab("epm1").check_output(SERVED, address) for address in addresses}


def test_a_lost_and_then_an_expiring_certificate_are_renewed_on_their_host_alone(lab, play):
    before = served(lab)
    lab("kafka3").check_output("rm /etc/dialtone/tls/node.crt")
    run = play("site.yml", "-e", '{"trust_certificate_days": 100}')
    assert run.rc == 0, run.output[-3000:]
    assert {host for host, count in run.changed().items() if count} == {"kafka3"}
    short = served(lab)
    assert [address for address in before if short[address] != before[address]] == ["10.88.1.13:9093", "10.88.1.13:2182"]

    run = play("site.yml", "-e", '{"trust_renew_before_days": 120}')
    assert run.rc == 0, run.output[-3000:]
    assert {host for host, count in run.changed().items() if count} == {"kafka3"}
    renewed = served(lab)
    assert [address for address in short if renewed[address] != short[address]] == ["10.88.1.13:9093", "10.88.1.13:2182"]
