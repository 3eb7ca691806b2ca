"""The tree: where nodes may hang, and when a leaf may move."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from loopline.kernel.ids import NodeId
from loopline.kernel.refusals import Refusal
from loopline.stock.book import Book, Level, LevelKey
from loopline.stock.model import LeafMove, LeafMoved, NewNode, Node, NodeKind
from loopline.stock.refusals import (
    LeafHasQuotas,
    LeafPromised,
    LeafUnknown,
    NodeMisplaced,
    NodePromised,
    NodeTaken,
    NodeUnknown,
)

_PARENTS_OF = {
    NodeKind.BRAND: frozenset[NodeKind](),
    NodeKind.NETWORK: frozenset({NodeKind.BRAND, NodeKind.NETWORK}),
    NodeKind.SITE: frozenset({NodeKind.BRAND, NodeKind.NETWORK}),
    NodeKind.LEAF: frozenset({NodeKind.BRAND, NodeKind.NETWORK, NodeKind.SITE}),
}

Place = tuple[UUID, UUID]


def decide_nodes(new: Iterable[NewNode], *, known: Mapping[NodeId, Node]) -> list[Node | Refusal]:
    """Place each node under its parent, which may come earlier in the same batch; the same node again is the node."""
    nodes = dict(known)
    leaves: dict[Place, NodeId] = {
        (node.site_id, node.owner_id): node.id for node in nodes.values() if node.site_id and node.owner_id
    }
    outcomes: list[Node | Refusal] = []
    for one in new:
        outcome = _place(one, nodes=nodes, leaves=leaves)
        if isinstance(outcome, Node):
            nodes[outcome.id] = outcome
            if outcome.site_id and outcome.owner_id:
                leaves[outcome.site_id, outcome.owner_id] = outcome.id
        outcomes.append(outcome)
    return outcomes


def _place(new: NewNode, *, nodes: Mapping[NodeId, Node], leaves: Mapping[Place, NodeId]) -> Node | Refusal:
    parent = nodes.get(new.parent_id) if new.parent_id else None
    if new.parent_id is not None and parent is None:
        return NodeUnknown(node_id=new.parent_id)
    if not _fits(new.kind, new.site_id, parent) or not _is_complete(new):
        parent_words = "nothing" if parent is None else f"a node of kind {parent.kind}"
        return NodeMisplaced(node_id=new.id, kind=new.kind, parent=parent_words)
    node = Node(
        id=new.id,
        kind=new.kind,
        name=new.name,
        parent_id=new.parent_id,
        path=(*(parent.path if parent else ()), new.id),
        site_id=new.site_id,
        owner_id=new.owner_id,
    )
    present = nodes.get(new.id)
    if present is not None:
        return present if present == node else NodeTaken(node_id=new.id)
    if new.site_id and new.owner_id and (new.site_id, new.owner_id) in leaves:
        return NodeTaken(node_id=new.id)
    return node


def _fits(kind: NodeKind, site_id: UUID | None, parent: Node | None) -> bool:
    if parent is None:
        return kind is NodeKind.BRAND
    return parent.kind in _PARENTS_OF[kind] and (
        parent.kind is not NodeKind.SITE or parent.site_id == site_id
    )


def _is_complete(new: NewNode) -> bool:
    has_site = new.site_id is not None
    has_owner = new.owner_id is not None
    return has_site == (new.kind in {NodeKind.SITE, NodeKind.LEAF}) and has_owner == (
        new.kind is NodeKind.LEAF
    )


def decide_moves(
    moves: Iterable[LeafMove],
    *,
    book: Book,
    nodes: Mapping[NodeId, Node],
    keys: Mapping[NodeId, Sequence[LevelKey]],
) -> list[LeafMoved | Refusal]:
    """Move leaves that nothing is promised from, with what they can sell; `keys` are all rows of each."""
    parents = {node.id: node.parent_id for node in nodes.values()}
    outcomes: list[LeafMoved | Refusal] = []
    for move in moves:
        leaf, parent = nodes.get(move.leaf_id), nodes.get(move.parent_id)
        before = parents.get(move.leaf_id)
        if leaf is None or leaf.kind is not NodeKind.LEAF or before is None:
            outcomes.append(LeafUnknown(leaf_id=move.leaf_id))
            continue
        if parent is None:
            outcomes.append(NodeUnknown(node_id=move.parent_id))
            continue
        if not _fits(NodeKind.LEAF, leaf.site_id, parent):
            outcomes.append(
                NodeMisplaced(node_id=leaf.id, kind=leaf.kind, parent=f"a node of kind {parent.kind}")
            )
            continue
        refusal = _move(leaf.id, parent.id, keys=keys.get(leaf.id, []), book=book)
        if refusal is None:
            parents[leaf.id] = parent.id
            outcomes.append(LeafMoved(leaf_id=leaf.id, parent_id_before=before, parent_id=parent.id))
        else:
            outcomes.append(refusal)
    return outcomes


def _move(leaf_id: NodeId, target: NodeId, *, keys: Sequence[LevelKey], book: Book) -> Refusal | None:
    leaves = [book.leaf(key) for key in keys]
    allocated, held = sum(leaf.allocated for leaf in leaves), sum(leaf.held for leaf in leaves)
    if allocated or held:
        return LeafPromised(leaf_id=leaf_id, allocated=allocated, held=held)
    quotas = sum(leaf.quotas for leaf in leaves)
    if quotas:
        return LeafHasQuotas(leaf_id=leaf_id, quotas=quotas)
    path = (*book.paths[target], leaf_id)
    changes: list[tuple[Level, int]] = []
    for leaf in leaves:
        joined = book.path((target, leaf.sku_id))
        for level in book.above(leaf):
            over = level.held - (level.free - leaf.free)
            if level.node_id in path:
                continue
            if leaf.free and over > 0:
                return NodePromised(leaf_id=leaf_id, node_id=level.node_id, sku_id=leaf.sku_id, over=over)
            changes.append((level, -leaf.free))
        changes.extend((level, leaf.free) for level in joined if level.node_id not in book.paths[leaf_id])
    for level, units in changes:
        level.free += units
    book.rehang(leaf_id, path)
    return None
