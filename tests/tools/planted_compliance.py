"""The bugs that `make mutants` plants in compliance, documents, the desk, notices and the log."""

from tests.tools.planted import Mutant

DESK = "tests/cloud/test_compliance_desk.py"
RULES = "tests/cloud/test_compliance_rules.py"
PAPERS = "tests/cloud/test_documents.py"
NOTICES = "tests/cloud/test_notices.py"
AUDIT = "tests/cloud/test_audit.py"

COMPLIANCE = (
    Mutant(
        "an audit entry's author is not hashed",
        "cloud/core/auditing.py",
        '    del body["hash"]\n',
        '    del body["hash"], body["who"]\n',
        AUDIT,
    ),
    Mutant(
        "an audit entry need not follow the one before it",
        "cloud/core/auditing.py",
        "    if entry.previous != before.hash:\n",
        "    if False:\n",
        AUDIT,
    ),
    Mutant(
        "an audit log that was cut off passes",
        "cloud/core/auditing.py",
        "if known and head.seq < known.seq:",
        "if False:",
        AUDIT,
    ),
    Mutant(
        "a rewritten audit log passes beside a head that was written down",
        "cloud/core/auditing.py",
        "if not why and known and entry.seq == known.seq and entry.hash != known.hash:",
        "if False:",
        AUDIT,
    ),
    Mutant(
        "the walk over the audit log ends with what is read at once",
        "cloud/usecases/audit.py",
        "        if len(rows) < CHUNK:\n",
        "        if rows:\n",
        AUDIT,
    ),
    Mutant(
        "a person's data beside the audit log may be changed",
        "cloud/usecases/audit.py",
        "if told != auditing.personal_digest(salt, text):",
        "if False:",
        AUDIT,
    ),
    Mutant(
        "nearly the same name is the same",
        "cloud/core/compliance.py",
        '        return "near"\n',
        '        return "same"\n',
        RULES,
    ),
    Mutant(
        "a rejected paper is outweighed by the owner's word",
        "cloud/core/compliance.py",
        'if said and "rejected" not in values:',
        "if said:",
        RULES,
    ),
    Mutant(
        "a rule counts where its condition does not hold",
        "cloud/core/compliance.py",
        "return all(facts[fact] in values for fact, values in rule.when)",
        "return True",
        RULES,
    ),
    Mutant(
        "a value that no fact has passes in a file of rules",
        "cloud/core/compliance_rules.py",
        "if known and self._plain(item) not in known:",
        "if False:",
        RULES,
    ),
    Mutant(
        "an older version of the rules is adopted",
        "cloud/usecases/rules.py",
        "if found.version <= newest:",
        "if False:",
        DESK,
    ),
    Mutant(
        "rules of a later day are in force at once",
        "cloud/usecases/rules.py",
        "select(RuleVersion).where(RuleVersion.valid_ms <= to_ms(now))",
        "select(RuleVersion)",
        DESK,
    ),
    Mutant(
        "new rules do not reach what is shared already",
        "cloud/usecases/rechecking.py",
        'target = f"{now.date().isoformat()}/{version}/{newest}"',
        'target = f"{now.date().isoformat()}/{newest}"',
        DESK,
    ),
    Mutant(
        "a walk over registrations forgets those after its first step",
        "cloud/usecases/rechecking.py",
        "    more = len(rows) == limit\n",
        "    more = False\n",
        DESK,
    ),
    Mutant(
        "an accepted doubt counts for other facts too",
        "cloud/usecases/checking.py",
        "        Review.grounds == grounds,\n",
        "",
        DESK,
    ),
    Mutant(
        "a decision on facts that have changed counts",
        "cloud/usecases/reviews.py",
        'if row.state != "open" or _moved_on(session, row, now):',
        'if row.state != "open":',
        DESK,
    ),
    Mutant(
        "two get one space",
        "cloud/usecases/checking.py",
        "shared_already=session.exec(others).first() is not None,",
        "shared_already=False,",
        DESK,
    ),
    Mutant(
        "a mark that ends tells nobody",
        "cloud/usecases/rechecking.py",
        '    notices.tell(session, row.owner, "registration_withdrawn", fields, now, '
        'f"withdrawn:{row.id}")\n',
        "",
        DESK,
    ),
    Mutant(
        "a stored document may be changed",
        "cloud/adapters/document_folder.py",
        "return cipher.decrypt_and_verify(raw[NONCE_BYTES + TAG_BYTES :], tag)",
        "return cipher.decrypt(raw[NONCE_BYTES + TAG_BYTES :])",
        PAPERS,
    ),
    Mutant(
        "any file passes as a document",
        "cloud/core/compliance_papers.py",
        "if data.startswith(begins) and ends in end:",
        "if begins in data:",
        PAPERS,
    ),
    Mutant(
        "bytes that another document needs are erased",
        "cloud/usecases/documents.py",
        "col(Document.sha256).in_(names), Document.erased_ms == 0",
        "col(Document.sha256).in_(names), Document.sha256 == ''",
        PAPERS,
    ),
    Mutant(
        "a notice is tried for ever",
        "cloud/usecases/notices.py",
        "if for_good or row.attempts >= MAX_ATTEMPTS:",
        "if for_good:",
        NOTICES,
    ),
    Mutant(
        "a notice is tried again at once",
        "cloud/usecases/notices.py",
        "row.due_ms = to_ms(now) + wait_ms(row.attempts)",
        "row.due_ms = to_ms(now)",
        NOTICES,
    ),
    Mutant(
        "a webhook's time is not signed",
        "cloud/adapters/notify_webhook.py",
        'f"{at_s}.".encode() + body, hashlib.sha256)',
        "body, hashlib.sha256)",
        NOTICES,
    ),
    Mutant(
        "a webhook leads into the operator's network",
        "cloud/adapters/notify_webhook.py",
        "if private and not self._inside:",
        "if False:",
        NOTICES,
    ),
    Mutant(
        "mail goes unencrypted",
        "cloud/adapters/notify_email.py",
        "if not server.tls and not server.plain:",
        "if False:",
        NOTICES,
    ),
)
