"""Where nodes may hang."""

import msgspec
import pytest

from loopline.kernel.ids import EntityId, NodeId, SiteId
from loopline.stock import NewNode, Node, NodeKind
from loopline.stock.refusals import NodeMisplaced, NodeTaken, NodeUnknown
from loopline.stock.rules import decide_nodes
from tests.make.stock import new_id, world_nodes

SITE, OTHER_SITE, OWNER = SiteId(new_id()), SiteId(new_id()), EntityId(new_id())
BRAND, NETWORK, INNER, SITE_NODE, LEAF = (NodeId(new_id()) for _ in range(5))

TREE = [
    NewNode(id=BRAND, kind=NodeKind.BRAND, name="Brand"),
    NewNode(id=NETWORK, kind=NodeKind.NETWORK, name="Network", parent_id=BRAND),
    NewNode(id=INNER, kind=NodeKind.NETWORK, name="Inner", parent_id=NETWORK),
    NewNode(id=SITE_NODE, kind=NodeKind.SITE, name="Site", parent_id=INNER, site_id=SITE),
    NewNode(id=LEAF, kind=NodeKind.LEAF, name="Leaf", parent_id=SITE_NODE, site_id=SITE, owner_id=OWNER),
]


def known() -> dict[NodeId, Node]:
    nodes = [node for node in decide_nodes(TREE, known={}) if isinstance(node, Node)]
    assert len(nodes) == len(TREE)
    return {node.id: node for node in nodes}


def test_a_path_leads_from_the_root_through_networks_in_networks():
    assert known()[LEAF].path == (BRAND, NETWORK, INNER, SITE_NODE, LEAF)
    assert known()[BRAND].path == (BRAND,)


@pytest.mark.parametrize(
    ("kind", "parent_id", "site_id", "owner_id", "fits"),
    [
        (NodeKind.BRAND, None, None, None, True),
        (NodeKind.BRAND, BRAND, None, None, False),
        (NodeKind.NETWORK, None, None, None, False),
        (NodeKind.NETWORK, SITE_NODE, None, None, False),
        (NodeKind.NETWORK, BRAND, SITE, None, False),
        (NodeKind.SITE, BRAND, OTHER_SITE, None, True),
        (NodeKind.SITE, BRAND, None, None, False),
        (NodeKind.SITE, SITE_NODE, SITE, None, False),
        (NodeKind.SITE, BRAND, SITE, OWNER, False),
        (NodeKind.LEAF, NETWORK, OTHER_SITE, OWNER, True),
        (NodeKind.LEAF, NETWORK, OTHER_SITE, None, False),
        (NodeKind.LEAF, SITE_NODE, OTHER_SITE, OWNER, False),  # under the node of another site
        (NodeKind.LEAF, LEAF, SITE, OWNER, False),
        (NodeKind.LEAF, None, SITE, OWNER, False),
    ],
)
def test_where_a_node_fits(
    kind: NodeKind, parent_id: NodeId | None, site_id: SiteId | None, owner_id: EntityId | None, fits: bool
):
    new = NewNode(
        id=NodeId(new_id()), kind=kind, name="New", parent_id=parent_id, site_id=site_id, owner_id=owner_id
    )
    [outcome] = decide_nodes([new], known=known())
    assert isinstance(outcome, Node if fits else NodeMisplaced)


def test_the_same_node_again_is_the_node_and_another_of_its_id_is_refused():
    nodes = known()
    other = msgspec.structs.replace(TREE[1], name="Renamed")
    assert decide_nodes([TREE[1], other], known=nodes) == [nodes[NETWORK], NodeTaken(node_id=NETWORK)]


def test_a_site_and_owner_have_one_leaf():
    again = NewNode(
        id=NodeId(new_id()), kind=NodeKind.LEAF, name="Again", parent_id=NETWORK, site_id=SITE, owner_id=OWNER
    )
    assert decide_nodes([again], known=known()) == [NodeTaken(node_id=again.id)]
    _, others = world_nodes(sites=1)
    twin = msgspec.structs.replace(others[-1], id=NodeId(new_id()))
    outcomes = decide_nodes([*others, twin], known={})
    assert outcomes[-1] == NodeTaken(node_id=twin.id)


def test_a_parent_must_be_there():
    nowhere = NodeId(new_id())
    new = NewNode(id=NodeId(new_id()), kind=NodeKind.NETWORK, name="New", parent_id=nowhere)
    assert decide_nodes([new], known=known()) == [NodeUnknown(node_id=nowhere)]
