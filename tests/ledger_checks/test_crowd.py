"""Which waiting stays go into one batch: the oldest, and those whose accounts lie beside them."""

from random import Random

from bench.crowd import SIZE, Closed, anyone, neighbours, words

MANY = 40_000


def waiting(count: int) -> list[Closed]:
    rng = Random(1)
    return [Closed(number, *anyone(rng, MANY)) for number in range(count)]


def test_a_batch_from_a_backlog_touches_a_third_fewer_words_than_in_the_order_of_closing() -> None:
    backlog = waiting(2_000)
    chosen = neighbours(backlog)
    assert len(set(chosen)) == SIZE
    assert set(chosen) <= set(backlog)
    assert words(chosen) < words(backlog[:SIZE]) * 2 / 3


def test_the_oldest_stay_is_always_taken_even_if_it_shares_nothing() -> None:
    alone = Closed(0, MANY * 2, MANY * 3)
    later = [one._replace(stay=one.stay + 1) for one in waiting(2_000)]
    assert alone in neighbours([alone, *later])


def test_fewer_than_a_batch_are_all_taken() -> None:
    assert neighbours(waiting(7)) == waiting(7)
