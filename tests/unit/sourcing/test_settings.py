"""What holds for a site, and what keeps settings from being published."""

from uuid import UUID

from loopline.kernel.ids import OrgUnitId
from loopline.sourcing.settings import (
    GroupNameTaken,
    OnlyFallbackSites,
    Settings,
    SiteGroup,
    SiteInTwoGroups,
    SiteSetting,
    Weights,
    problems_of,
    range_of,
    setting_names,
    terms_of_site,
    value_of,
)
from tests.make.sourcing import site_id

BRAND, REGION, STORE = (OrgUnitId(UUID(int=number)) for number in (1, 2, 3))
SETTINGS = Settings(
    weights=Weights(ageing_credit_minor=10), open_to_units=(SiteSetting.AGEING_CREDIT,), answer_minutes=60
)


def test_the_nearest_unit_above_a_site_decides_what_is_open():
    overrides = {
        (REGION, SiteSetting.AGEING_CREDIT): 20,
        (STORE, SiteSetting.AGEING_CREDIT): 30,
        (REGION, SiteSetting.ANSWER_MINUTES): 5,
    }
    terms = terms_of_site(SETTINGS, unit_path=[BRAND, REGION, STORE], overrides=overrides)
    assert (terms.ageing_credit_minor, terms.answer_minutes) == (30, 60)
    assert terms.decided_by == {SiteSetting.AGEING_CREDIT: STORE}
    elsewhere = terms_of_site(SETTINGS, unit_path=[BRAND, REGION], overrides=overrides)
    assert (elsewhere.ageing_credit_minor, elsewhere.decided_by) == (20, {SiteSetting.AGEING_CREDIT: REGION})
    assert terms_of_site(SETTINGS, unit_path=[BRAND], overrides=overrides).ageing_credit_minor == 10


def test_settings_as_they_are_made_have_no_problem():
    assert problems_of(Settings()) == []
    for name in setting_names():
        least, most = range_of(name)
        assert least <= value_of(Settings(), name) <= most


def test_groups_that_contradict_each_other():
    groups = (
        SiteGroup(name="City", site_ids=(site_id(1),), is_fallback=True),
        SiteGroup(name="City", site_ids=(site_id(2),), is_fallback=True),
        SiteGroup(name="Rest", site_ids=(site_id(2),)),
    )
    both = [site_id(1), site_id(2)]
    assert problems_of(Settings(groups=groups), site_ids=both) == [
        GroupNameTaken(name="City"),
        SiteInTwoGroups(first="City", second="Rest"),
        OnlyFallbackSites(),
    ]
