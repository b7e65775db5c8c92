"""Which cases of a scenario run: the same ones for the same seed, one of each promise, and all of them on demand."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import seeded

PROMISES = st.lists(st.none() | st.sampled_from(["fault", "moment", "life"]), max_size=20)


@pytest.fixture(autouse=True)
def no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(seeded.SEED, raising=False)
    monkeypatch.delenv(seeded.REHEARSAL, raising=False)


@given(promises=PROMISES, seed=st.integers(0, 2**24))
def test_one_case_of_each_promise_runs_and_every_test_that_is_no_case(promises: list[str | None], seed: int) -> None:
    with pytest.MonkeyPatch.context() as words:
        words.setenv(seeded.SEED, str(seed))
        runs = seeded.chosen(promises)
        assert runs == seeded.chosen(promises), "the same seed chooses the same"
    running = [promise for promise, one in zip(promises, runs) if one]
    assert sorted(filter(None, running)) == sorted(set(filter(None, promises)))
    assert running.count(None) == promises.count(None)


def test_seeds_reach_every_case_and_promises_are_drawn_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = set()
    for seed in range(60):
        monkeypatch.setenv(seeded.SEED, str(seed))
        drawn.add(seeded.chosen(["fault"] * 5).index(True))
        alone = seeded.chosen(["fault"] * 5)
        assert seeded.chosen([*["fault"] * 5, *["life"] * 3])[:5] == alone
    assert drawn == set(range(5))


def test_all_cases_run_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(seeded.REHEARSAL, "all")
    assert seeded.chosen(["fault", "fault", None]) == [True, True, True]
    assert "all cases" in seeded.header()


def test_the_seed_follows_from_the_content_of_the_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(seeded, "REPOSITORY", tmp_path)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    assert seeded.seed() == seeded.SEED_WITHOUT_COMMIT
    seeds = []
    for content in ("one", "other", "one"):
        (tmp_path / "file").write_text(content)
        for words in (["init", "-q"], ["add", "file"], ["commit", "-q", "--no-gpg-sign", "-m", content]):
            subprocess.run([*git, *words], check=True, capture_output=True)
        seeds.append(seeded.seed())
    assert seeds[0] == seeds[2] != seeds[1]


def test_the_header_names_the_word_that_repeats_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(seeded.SEED, "4711")
    assert "DIALTONE_SEED=4711" in seeded.header()


def test_a_seed_that_is_no_number_is_refused_with_the_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(seeded.SEED, "today")
    with pytest.raises(ValueError, match="DIALTONE_SEED=today is no whole number"):
        seeded.seed()
