"""Where a settlement stands on the chain, as its receipt, credit or charge tells it."""

from cloud.tables import ChainCall, Settlement
from contracts.ledger.charge import ChargeRecord
from contracts.ledger.merkle import Tree
from contracts.ledger.receipt import ChainRecord, Proof
from contracts.ledger.records import Deployed, SettlementRecord, word_hex


def chain_record(
    row: Settlement,
    record: SettlementRecord | ChargeRecord,
    call: ChainCall,
    deployed: Deployed,
) -> ChainRecord:
    return ChainRecord(
        chain_id=deployed.chain_id,
        ledger=deployed.ledger,
        registry=deployed.registry,
        batch=row.batch or 0,
        word=word_hex(record.word()),
        transaction=call.hash or "",
        block_number=call.block_number or 0,
        block_hash=call.block_hash or "",
    )


def proof(row: Settlement, tree: Tree) -> Proof:
    """From its leaf to the root of its batch; `tree` of all the batch's members."""
    siblings = tree.proof(row.position or 0)
    return Proof(
        root="0x" + tree.root.hex(), siblings=tuple("0x" + node.hex() for node in siblings)
    )
