"""Pay out: what parties are due is planned, approved, sent and paid; what fails on its way is due again.

Planning and approving are commands of people (`plan`); sending is done by an errand, or by a file that somebody brings
to a bank (`files`); reports of gateways and files move the money in the books (`books`). What a party owes is asked
back where it was paid (`reclaim`).
"""

from loopline.processes.pay_out.books import apply_payout_reports
from loopline.processes.pay_out.files import (
    Downloader,
    FileRead,
    MadeFile,
    OutcomeRow,
    download_file,
    make_file,
    read_outcome,
)
from loopline.processes.pay_out.plan import (
    PlanAsk,
    Prospect,
    approve_payouts,
    entities_in,
    give_up_request,
    lost_account_keys,
    plan_payouts,
    prospects,
    set_payout_accounts,
    withdraw_payouts,
)
from loopline.processes.pay_out.reclaim import (
    Owing,
    apply_reclaim_reports,
    approve_reclaims,
    ask_approved,
    claim_to_reclaim,
    contracts_to_ask,
    plan_reclaims,
    reclaimable,
    withdraw_reclaims,
)
from loopline.processes.pay_out.send import (
    Claimed,
    ToPrepare,
    claim_to_send,
    claim_to_unfreeze,
    hear_payout_notices,
    prepare_requests,
    to_prepare,
)

__all__ = [
    "Claimed",
    "Downloader",
    "FileRead",
    "MadeFile",
    "OutcomeRow",
    "Owing",
    "PlanAsk",
    "Prospect",
    "ToPrepare",
    "apply_payout_reports",
    "apply_reclaim_reports",
    "approve_payouts",
    "approve_reclaims",
    "ask_approved",
    "claim_to_reclaim",
    "claim_to_send",
    "claim_to_unfreeze",
    "contracts_to_ask",
    "download_file",
    "entities_in",
    "give_up_request",
    "hear_payout_notices",
    "lost_account_keys",
    "make_file",
    "plan_payouts",
    "plan_reclaims",
    "prepare_requests",
    "prospects",
    "read_outcome",
    "reclaimable",
    "set_payout_accounts",
    "to_prepare",
    "withdraw_payouts",
    "withdraw_reclaims",
]
