"""The bugs that `make mutants` plants in search, scores and assignment."""

from tests.tools.planted import Mutant

SEGMENT, BUSY = "cloud/core/search_segment.py", "cloud/core/search_busy.py"
INDEX = "tests/cloud/test_search_index.py"
FOLLOWING = "tests/cloud/test_search_following.py"
REQUESTS = "tests/cloud/test_search_requests.py"

SEARCH = (
    Mutant(
        "a booking that touches a quarter of the window's edge excludes the space",
        BUSY,
        "inner = _range(_ceil(starts_ms - base), _floor(ends_ms - base))",
        "inner = outer",
        INDEX,
    ),
    Mutant(
        "the quarters at the window's edges are not looked at",
        BUSY,
        "edges |= bits & (outer >> 64 * word & _ALL)",
        "edges |= bits & (inner >> 64 * word & _ALL)",
        INDEX,
    ),
    Mutant(
        "beyond the bitmap everything is free",
        BUSY,
        "return taken, ~taken",
        "return taken, taken",
        INDEX,
    ),
    Mutant(
        "a changed space keeps the times it was built with",
        BUSY,
        "self.changed[place] = list(times)",
        "self.changed.pop(place, None)",
        INDEX,
    ),
    Mutant(
        "a changed space keeps its bits",
        BUSY,
        "self.bits[:, place] = _words(bits)",
        "self.bits[:, place] |= _words(bits)",
        INDEX,
    ),
    Mutant(
        "a smaller circle with some spaces ends the search",
        SEGMENT,
        "if len(found) == ask.many:",
        "if found:",
        INDEX,
    ),
    Mutant(
        "equal distances go by cell",
        SEGMENT,
        "np.lexsort((self.rank.take(places), square))",
        "np.lexsort((places, square))",
        INDEX,
    ),
    Mutant(
        "the last cell of a row is not searched",
        SEGMENT,
        "_column(ask.lon + wide, self.cosine) + 1",
        "_column(ask.lon + wide, self.cosine)",
        INDEX,
    ),
    Mutant(
        "a space that moved is still found where it was",
        "cloud/core/search_index.py",
        "        if place is not None:\n            self.main.flags[place] = 0\n        before",
        "        before",
        INDEX,
    ),
    Mutant(
        "a booking that ends does not free its space in the index",
        "cloud/search_tables.py",
        'yield "booking", "UPDATE", f"{times} OR {held}", both',
        'yield "booking", "UPDATE", times, both',
        FOLLOWING,
    ),
    Mutant(
        "a gateway that falls silent is not told to the index",
        "cloud/search_tables.py",
        '    ("gateway", "UPDATE", ("online",), _OF_GATEWAY),\n',
        "",
        FOLLOWING,
    ),
    Mutant(
        "a closed time is not told to the index",
        "cloud/search_tables.py",
        '    ("spaceclosure", "INSERT", (), _OF_SPACE),\n',
        "",
        FOLLOWING,
    ),
    Mutant(
        "a reader that lags behind the log goes on as if nothing were missing",
        "cloud/usecases/searching.py",
        "if oldest > held.change + 1:",
        "if oldest < 0:",
        FOLLOWING,
    ),
    Mutant(
        "a space of a title that ended is offered",
        "cloud/usecases/search_facts.py",
        "if ends_on:\n",
        "if not ends_on and ends_on:\n",
        FOLLOWING,
    ),
    Mutant(
        "nobody looks further where the database has less than the index",
        "cloud/usecases/requests.py",
        "if len(fitting) >= SHOWN or seen < many or many >= MAX_CONSIDERED:",
        "if len(fitting) >= SHOWN or seen <= many:",
        REQUESTS,
    ),
    Mutant(
        "the way is told to the exact place",
        "cloud/core/search_wish.py",
        "return self.shown or (self.lat, self.lon)",
        "return (self.lat, self.lon)",
        REQUESTS,
    ),
    Mutant(
        "a burst is not checked in the database",
        "cloud/usecases/requests.py",
        "if space is not None and not _fits(session, wishes[number], space, now)",
        "if space is not None and not wishes",
        REQUESTS,
    ),
    Mutant(
        "staying out costs less than a long walk",
        "cloud/core/assigning.py",
        "(metres.max(initial=0.0) + 1.0) * (len(choices) + 1)",
        "metres.max(initial=0.0) * 0.5",
        "tests/cloud/test_assigning.py",
    ),
    Mutant(
        "an owner's broken promises do not count",
        "cloud/core/search_score.py",
        "return (good + PRIOR * PRIOR_CASES) / (good + bad + PRIOR_CASES)",
        "return (good + PRIOR * PRIOR_CASES) / (good + PRIOR_CASES)",
        REQUESTS,
    ),
    Mutant(
        "names are compared by their bits alone",
        "cloud/core/search_columns.py",
        "found: Bools = self._ids[rows] == texts(names)",
        "found: Bools = self._sorted[np.minimum(at, len(self._ids) - 1)] == hashes(names)",
        "tests/cloud/test_search_columns.py",
    ),
    Mutant(
        "spaces of one row of cells are all shown in one place",
        "cloud/core/search_columns.py",
        "cells = (back.astype(np.int64) << 40) + ",
        "cells = (back.astype(np.int64) << 40) + 0 * ",
        "tests/cloud/test_search_columns.py",
    ),
    Mutant(
        "a former owner's offer is read into the index",
        "cloud/usecases/search_city.py",
        "        there &= _among(shared, _pairs(rows, owner))\n",
        "",
        FOLLOWING,
    ),
    Mutant(
        "a standby space is read into the index",
        "cloud/usecases/search_city.py",
        "        found.hours[rows[there]] = NONE\n",
        "        found.hours[rows[~there]] = NONE\n",
        FOLLOWING,
    ),
)
