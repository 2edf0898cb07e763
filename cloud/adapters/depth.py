"""How deep Python may go: py_ecc allows 100,000 for the whole process, and at that depth the JSON

of a stranger (100,000 times "[") ends it, for the C stack holds less. Imported beside web3 and eth.
"""

import sys

import py_ecc as py_ecc  # sets its limit when it is first imported, and never again

# What py-evm needs for the deepest calls of contracts; json refuses beyond it, and the stack holds.
DEPTH = 10_240

sys.setrecursionlimit(DEPTH)
