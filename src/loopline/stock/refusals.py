"""What stock refuses, each with the data that says why."""

from datetime import datetime
from uuid import UUID

from loopline.kernel.ids import (
    AllocationId,
    CountId,
    LineId,
    LotId,
    NodeId,
    OrderId,
    QuotaId,
    SkuId,
    TransferId,
)
from loopline.kernel.refusals import Refusal


class UnitsNotPositive(Refusal, frozen=True, kw_only=True):
    """Line {line_id} asks for {units} units; at least one is needed."""

    line_id: UUID
    units: int


class NodeUnknown(Refusal, frozen=True, kw_only=True):
    """There is no node {node_id}."""

    node_id: NodeId


class NotEnoughFree(Refusal, frozen=True, kw_only=True):
    """Line {line_id} asks for {asked} units of {sku_id}; {free} are free at node {node_id} and above it."""

    order_id: OrderId
    line_id: LineId
    node_id: NodeId
    sku_id: SkuId
    asked: int
    free: int


class QuotaSoldOut(Refusal, frozen=True, kw_only=True):
    """Line {line_id} asks for {asked} units of {sku_id}; {left} are left of what was set aside for {event}."""

    order_id: OrderId
    line_id: LineId
    sku_id: SkuId
    quota_id: QuotaId
    event: str
    asked: int
    left: int


class HeldElsewhere(Refusal, frozen=True, kw_only=True):
    """Line {line_id} has a hold at node {node_id} already, for another node, SKU, order or time than asked."""

    line_id: LineId
    node_id: NodeId


class HoldUnknown(Refusal, frozen=True, kw_only=True):
    """Line {line_id} has no open hold."""

    line_id: LineId


class HoldTooSmall(Refusal, frozen=True, kw_only=True):
    """Line {line_id} asks for {asked} units of its hold, which has {held}."""

    line_id: LineId
    asked: int
    held: int


class HoldOfAnother(Refusal, frozen=True, kw_only=True):
    """The hold of line {line_id} belongs to another order or SKU than was named."""

    line_id: LineId


class LeafUnknown(Refusal, frozen=True, kw_only=True):
    """There is no leaf {leaf_id}."""

    leaf_id: NodeId


class LeafOutsideHold(Refusal, frozen=True, kw_only=True):
    """Leaf {leaf_id} does not lie under node {node_id}, where line {line_id} is held."""

    line_id: LineId
    leaf_id: NodeId
    node_id: NodeId


class LeafTooShort(Refusal, frozen=True, kw_only=True):
    """Leaf {leaf_id} has {sellable} sellable units of {sku_id}; line {line_id} asks for {asked}."""

    line_id: LineId
    leaf_id: NodeId
    sku_id: SkuId
    asked: int
    sellable: int


class PromisedToOthers(Refusal, frozen=True, kw_only=True):
    """Line {line_id} asks for {asked} units at leaf {leaf_id}; {room} are not promised to others at node {node_id}."""

    line_id: LineId
    leaf_id: NodeId
    node_id: NodeId
    asked: int
    room: int


class AllocationTaken(Refusal, frozen=True, kw_only=True):
    """The allocation {allocation_id} is open already or named twice."""

    allocation_id: AllocationId


class AllocationUnknown(Refusal, frozen=True, kw_only=True):
    """There is no open allocation {allocation_id}."""

    allocation_id: AllocationId


class AllocationTooSmall(Refusal, frozen=True, kw_only=True):
    """The allocation {allocation_id} has {allocated} units; {asked} were asked for."""

    allocation_id: AllocationId
    asked: int
    allocated: int


class FactMovesNothing(Refusal, frozen=True, kw_only=True):
    """Fact {fact_id} changes neither units on hand nor unsellable units."""

    fact_id: UUID


class ReasonNotForFacts(Refusal, frozen=True, kw_only=True):
    """The reason {reason} belongs to promises; fact {fact_id} cannot have it."""

    fact_id: UUID
    reason: str


class UnsellableBelowZero(Refusal, frozen=True, kw_only=True):
    """Fact {fact_id} takes {taken} unsellable units from leaf {leaf_id}, which has {unsellable}."""

    fact_id: UUID
    leaf_id: NodeId
    taken: int
    unsellable: int


class FactIdTaken(Refusal, frozen=True, kw_only=True):
    """The id {fact_id} names another fact that was recorded before."""

    fact_id: UUID


class SafetyBelowZero(Refusal, frozen=True, kw_only=True):
    """The safety of leaf {leaf_id} cannot be {units} units."""

    leaf_id: NodeId
    units: int


class SafetySetSince(Refusal, frozen=True, kw_only=True):
    """Somebody else has set since what is kept back here, to {units} units: it stays as it is."""

    leaf_id: NodeId
    sku_id: SkuId
    units: int


class NodeTaken(Refusal, frozen=True, kw_only=True):
    """The id {node_id}, or its site and owner, belong to another node already."""

    node_id: NodeId


class NodeMisplaced(Refusal, frozen=True, kw_only=True):
    """A node of kind {kind} cannot hang under {parent}, or lacks its site or owner, or has one too many."""

    node_id: NodeId
    kind: str
    parent: str


class LeafPromised(Refusal, frozen=True, kw_only=True):
    """Leaf {leaf_id} has {allocated} allocated and {held} held units; release or source them again before it moves."""

    leaf_id: NodeId
    allocated: int
    held: int


class LeafHasQuotas(Refusal, frozen=True, kw_only=True):
    """{quotas} quotas lie at leaf {leaf_id}; end them before it moves."""

    leaf_id: NodeId
    quotas: int


class NodePromised(Refusal, frozen=True, kw_only=True):
    """Without leaf {leaf_id}, node {node_id} would hold {over} units of {sku_id} more than are free there."""

    leaf_id: NodeId
    node_id: NodeId
    sku_id: SkuId
    over: int


class TransferTaken(Refusal, frozen=True, kw_only=True):
    """The id {transfer_id} names another transfer that was sent before."""

    transfer_id: TransferId


class TransferNotWithinOwner(Refusal, frozen=True, kw_only=True):
    """Transfer {transfer_id} must go from one shelf to another of the same owner; between owners goods are sold."""

    transfer_id: TransferId


class TransferUnclear(Refusal, frozen=True, kw_only=True):
    """Transfer {transfer_id} has no lines, names goods twice, or sends fewer than one unit of something."""

    transfer_id: TransferId


class NotSoManyToSend(Refusal, frozen=True, kw_only=True):
    """Transfer {transfer_id} asks for {asked} units of {sku_id}; {free} at leaf {leaf_id} are not promised."""

    transfer_id: TransferId
    sku_id: SkuId
    leaf_id: NodeId
    asked: int
    free: int


class TransferUnknown(Refusal, frozen=True, kw_only=True):
    """There is no transfer {transfer_id} with such goods."""

    transfer_id: TransferId


class ArrivalTaken(Refusal, frozen=True, kw_only=True):
    """The id {arrival_id} names another arrival that was recorded before."""

    arrival_id: UUID


class ArrivalUnclear(Refusal, frozen=True, kw_only=True):
    """Arrival {arrival_id} must say how many units came, or how many will not come and why."""

    arrival_id: UUID


class NotSoManyInTransit(Refusal, frozen=True, kw_only=True):
    """Of {sku_id} {in_transit} units of transfer {transfer_id} are under way; {said} cannot have come or been lost."""

    transfer_id: TransferId
    sku_id: SkuId
    said: int
    in_transit: int


class CountUnknown(Refusal, frozen=True, kw_only=True):
    """There is no count {count_id}."""

    count_id: CountId


class CountEnded(Refusal, frozen=True, kw_only=True):
    """Count {count_id} has ended: begin another."""

    count_id: CountId


class CountTaken(Refusal, frozen=True, kw_only=True):
    """The id {count_id} names a count of another shelf."""

    count_id: CountId


class CountBelowZero(Refusal, frozen=True, kw_only=True):
    """Nobody can count {units} units of {sku_id}."""

    sku_id: SkuId
    units: int


class LotUnknown(Refusal, frozen=True, kw_only=True):
    """There is no lot {lot} of {sku_id}."""

    sku_id: SkuId
    lot: str


class LotNotSaid(Refusal, frozen=True, kw_only=True):
    """{sku_id} is kept in lots: say in {field} which lot came."""

    sku_id: SkuId
    field: str


class LotDiffers(Refusal, frozen=True, kw_only=True):
    """Lot {lot} of {sku_id} is known with other dates or of another kind."""

    sku_id: SkuId
    lot: str


class LotLocked(Refusal, frozen=True, kw_only=True):
    """Lot {lot} of {sku_id} is recalled or expired: it stays here."""

    sku_id: SkuId
    lot: str


class LotsDoNotAddUp(Refusal, frozen=True, kw_only=True):
    """{said} units of lots were scanned for {asked} units of allocation {allocation_id}."""

    allocation_id: AllocationId
    said: int
    asked: int


class SerialIsOneUnit(Refusal, frozen=True, kw_only=True):
    """The unit {lot} of {sku_id} is there already, or at another site: a serial number names one unit."""

    sku_id: SkuId
    lot: str


class LotAlreadyRecalled(Refusal, frozen=True, kw_only=True):
    """Lot {lot_id} is recalled already."""

    lot_id: LotId


class LotNotRecalled(Refusal, frozen=True, kw_only=True):
    """Lot {lot_id} is not recalled."""

    lot_id: LotId


class QuotaWithoutUnits(Refusal, frozen=True, kw_only=True):
    """A quota sets at least one unit aside, not {units}."""

    units: int
    field: str = "units"


class QuotaWithoutTime(Refusal, frozen=True, kw_only=True):
    """A quota ends after it starts, and not in the past: {ends_at} is too early."""

    ends_at: datetime
    field: str = "ends_at"


class QuotaTaken(Refusal, frozen=True, kw_only=True):
    """Units of this are set aside for {event} already, by quota {quota_id}: change that one."""

    event: str
    quota_id: QuotaId
    field: str = "sku_code"


class QuotaTooLarge(Refusal, frozen=True, kw_only=True):
    """{asked} units cannot be set aside for {event}: {free} are free."""

    event: str
    asked: int
    free: int
    field: str = "units"


class QuotaTooSmall(Refusal, frozen=True, kw_only=True):
    """Orders have drawn {drawn} units of this quota: it cannot be made smaller than that."""

    drawn: int
    field: str = "units"


class ReserveUnknown(Refusal, frozen=True, kw_only=True):
    """Nothing is set aside under {reserve} for the same SKU at the same place."""

    reserve: str
    field: str = "reserve_code"


class QuotaUnknown(Refusal, frozen=True, kw_only=True):
    """There is no quota {quota_id}."""

    quota_id: QuotaId


class QuotaHasEnded(Refusal, frozen=True, kw_only=True):
    """The quota {quota_id} has ended."""

    quota_id: QuotaId
