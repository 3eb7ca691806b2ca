"""Journeys of those who work things off: a wave at the store, a dealer's earnings, a stuck order at headquarters."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.acts import Customer, Worker
from tests.journeys.books import BOUGHT, GONE, WORKED, Change, paid_and_divided
from tests.journeys.world import DESK, EN, ZH, World, look

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TEN = {
    "LZ005-AM": 27_900,
    "LZ005-BM": 27_900,
    "LZ010-AL": 18_900,
    "LZ010-BM": 18_900,
    "LZ010-AXL": 18_900,
    "LZ002-BM": 26_900,
    "LZ002-AL": 26_900,
    "LZ004-AM": 24_900,
    "LZ007-BL": 11_900,
    "LZ015-AL": 49_900,
}
REFUSED = "LZ010-AXL"


def test_7_ten_orders_are_picked_and_one_is_refused(world: World):
    before = world.books()
    numbers = buy_ten(world)
    packer = Worker(world, "s01.packer", locale=ZH)
    look(packer.today(), "07-today")
    pick_together(packer, numbers)
    look(packer.today(), "07-done")
    world.settle()
    warehouse = Worker(world, "w01.packer", locale=ZH)
    warehouse.work_off(numbers[REFUSED], REFUSED)
    warehouse.send("SF2000000000")
    world.settle()
    # Nobody is told more than five things an hour: what is too much for this one comes in the next.
    assert world.since(before).told["customer_told"] == 5
    world.wait(minutes=61)
    change = world.since(before)
    gone = {
        ("S01", code, "on_hand"): -1 for code in TEN
    }  # the refused one was not found: it is in no book any more
    assert change.stock == gone | {("W01", REFUSED, "on_hand"): -1}
    assert change.money == {
        ("LANZHI-CO", "gateway"): 253_000,
        ("LANZHI-CO", "tax"): -29_107,
        ("LANZHI-CO", "revenue"): -223_893,
        ("LANZHI-CO", "sharing_cost"): 223_893,
        ("STORE-S01", "share_pending"): -5_178,
        ("STORE-W01", "share_pending"): -418,
        ("BRAND", "share_pending"): -218_297,
        # 2530 points of one member, put off as one sum: at a hundredth of a yuan, eight in ten.
        ("LANZHI-CO", "points_deferred"): 2_024,
        ("LANZHI-CO", "points_liability"): -2_024,
    }
    assert paid_and_divided(change) == (sum(TEN.values()), 253_000)
    assert change.told == {
        "member_registered": 1,
        "promise_given": 10,
        "order_placed": 10,
        "payment_taken": 10,
        "order_sourced": 11,
        "tasks_offered": 11,
        "task_accepted": 11,
        "task_refused": 1,
        "round_begun": 1,
        "picking_started": 11,
        "goods_checked": 10,
        "parcel_packed": 10,
        "parcel_handed_over": 10,
        "order_settled": 10,
        "customer_told": 10,
    }


def buy_ten(world: World) -> dict[str, str]:
    """Let a customer buy ten things one after the other, to be sent; returns the orders' numbers by SKU."""
    customer = Customer(world, "13800000007", locale=ZH)
    numbers: dict[str, str] = {}
    for code in TEN:
        customer.open(f"/p/{code.partition('-')[0]}?sku={code}")
        customer.buy()
        if not numbers:
            customer.fill_address()
        numbers[code] = customer.pay()
    return numbers


def pick_together(packer: Worker, numbers: dict[str, str]) -> None:
    """Take all, pick them in one round, give the one back that is not there, and send nine of them."""
    page, base = packer.page, packer.world.base
    for number in numbers.values():
        packer.accept(number)
    open_round(page, base)
    look(page, "07-round")
    page.locator("#round-begin-form button").click()
    for code in numbers:
        if code != REFUSED:
            page.locator("#round-scan").fill(code)
            page.locator("#round-scan").press("Enter")
            expect(page.locator("#round-scan")).to_have_value("")
    expect(page.locator("#round-code")).to_contain_text(REFUSED)
    look(page, "07-last-stop")
    page.locator("#round-missing").click()
    page.locator("#round-pad [value=not_found]").check()
    page.locator("#round-pad-form .btn-primary").click()
    expect(page.locator("#round-all-in")).to_be_visible()
    filled = page.locator("[data-box]:has(a.btn-primary)")
    expect(filled).to_have_count(len(numbers) - 1)
    boxes = [box.get_attribute("data-box") for box in filled.all()]
    for box in boxes:
        page.locator(f'[data-box="{box}"] a').click()
        page.wait_for_url("**/store/tasks/**")
        packer.look_over()
        packer.pack()
        open_round(page, base)
    look(page, "07-boxes")
    page.locator("#round-hand-over").click()
    expect(page.locator("#round-nothing")).to_be_visible()


def open_round(page: Page, base: str) -> None:
    """Open the page of rounds, and wait until it knows what the server knows."""
    page.goto(f"{base}/store/round")
    page.wait_for_selector('#round[data-kept="yes"]')


def test_9_a_dealer_reads_its_earnings_and_disputes_one(world: World):
    before = world.books()
    dealer = world.staff("kong.dealer", "/earned", width=DESK, locale=ZH)
    look(dealer, "09-earned")
    dealer.locator(".earned-party a").click()
    dealer.wait_for_url("**/earned/statement**")
    line = dealer.locator(".statement-line").first
    expect(line).to_contain_text("净额 ¥229.20 的 6%")
    expect(line).to_contain_text("¥13.75")
    look(dealer, "09-statement")
    line.locator("summary").click()
    line.locator("textarea").fill("这一单是我们自己的会员，应按 8% 计算。")
    line.locator("form button").click()
    dealer.wait_for_url("**/earned/disputes/**")
    look(dealer, "09-asked")
    assert world.since(before).money == {}
    finance = world.staff("gu.finance", "/hq/disputes", width=DESK, locale=ZH)
    finance.locator(".statement-party").first.click()
    finance.locator("#said").fill("核实无误，按 8% 更正。")
    finance.locator("#corrected").fill("18.34")
    look(finance, "09-finance")
    finance.locator("button[value=correction]").click()
    expect(finance.locator(".headline .state")).to_have_text("已更正")
    world.settle()
    dealer.reload()
    expect(dealer.locator(".headline .state")).to_have_text("已更正")
    expect(dealer.locator(".dispute-line")).to_contain_text("更正后：¥18.34")
    look(dealer, "09-corrected")
    # 8 % of 229.20 are 18.34; 13.75 had been given.
    assert world.since(before) == Change(
        stock={},
        money={("LUYUAN-CO", "sharing_cost"): 459, ("DEALER-LUYUAN", "share_due"): -459},
        told={"line_questioned": 1, "dispute_moved": 1},
    )


def test_10_headquarters_find_a_stuck_order_see_why_and_mend_it(world: World):
    before = world.books()
    customer = Customer(world, "13800000010", locale=EN)
    customer.open("/p/LZ003?site=S01")
    customer.choose("Cream", "S")
    customer.collect_at("S01")
    number = customer.pay()
    manager = Worker(world, "s01.manager", locale=EN)
    manager.open(number)
    manager.refuse("count_differs", counted=0)
    look(manager.page, "10-refused")
    world.settle()
    customer.sees("waiting")
    expect(customer.page.locator("[data-promised]")).to_have_count(0)
    look(customer.page, "10-waits")
    desk = world.staff("shen.ops", "/hq/board", width=DESK, locale=EN)
    find_stuck(desk, number)
    send_from_warehouse(desk)
    receive(world, manager)
    world.wait(minutes=5)
    manager.work_off(number, "LZ003-AS")
    world.settle()
    customer.sees("ready")
    manager.give(customer.code())
    world.settle()
    customer.sees("collected")
    desk.goto(f"{world.base}/hq/orders/{number}")
    expect(desk.locator("[data-key=stage]")).to_have_text("Handed over")
    look(desk, "10-mended")
    change = world.since(before)
    assert change.stock == {("S01", "LZ003-AS", "on_hand"): -3, ("W01", "LZ003-AS", "on_hand"): -2}
    assert change.money == {
        ("LANZHI-CO", "gateway"): 29_900,
        ("LANZHI-CO", "tax"): -3_440,
        ("LANZHI-CO", "revenue"): -26_460,
        ("LANZHI-CO", "sharing_cost"): 26_460,
        ("STORE-S01", "share_pending"): -662,
        ("BRAND", "share_pending"): -25_798,
        ("LANZHI-CO", "points_deferred"): 239,
        ("LANZHI-CO", "points_liability"): -239,
    }
    assert paid_and_divided(change) == (29_900, 29_900)
    stuck = {"task_refused": 1, "shortfall_opened": 2, "lines_parked": 1}
    mended = {"goods_sent": 1, "goods_arrived": 1, "lines_unparked": 1, "shortfall_closed": 2}
    twice = {"order_sourced": 2, "tasks_offered": 2}
    assert change.told == BOUGHT | stuck | mended | twice | WORKED | GONE | {
        "promise_kept": 1,
        "customer_told": 1,
    }


def find_stuck(desk: Page, number: str) -> None:
    """From the board to the orders that wait for goods, to the order, to why."""
    look(desk, "10-board")
    desk.locator(".stage a", has_text="Waiting for goods").click()
    look(desk, "10-orders")
    desk.get_by_role("link", name=number).click()
    expect(desk.locator("[data-key=stage]")).to_have_text("Waiting for goods")
    expect(desk.locator(".timeline li").first).to_contain_text("Goods missing, order waits")
    others = desk.locator("[data-part=choice] .site:not(.site-chosen)")
    expect(others.first).to_contain_text("The customer chose another site")
    look(desk, "10-why")
    desk.get_by_role("link", name="LZ003-AS").click()
    expect(desk.locator("tr[data-key=S01] [data-part=on_hand]")).to_contain_text("–")
    expect(desk.locator("tr[data-key=W01] [data-part=sellable]")).to_contain_text("102")
    look(desk, "10-where-it-is")


def send_from_warehouse(desk: Page) -> None:
    """Send two of what is missing from the warehouse to the store."""
    desk.get_by_role("link", name="Store", exact=True).click()
    desk.get_by_role("link", name="Find stock").first.click()
    desk.get_by_role("link", name="Send", exact=True).click()
    desk.locator("details.sites summary").click()
    desk.locator(".menu-way[value=W01]").click()
    desk.locator("#to").select_option("S01")
    for units in ("1", "2"):
        desk.locator("#scan").fill("LZ003-AS")
        desk.locator("#scan").press("Enter")
        expect(desk.locator(".send-units")).to_have_value(units)
    look(desk, "10-send")
    desk.locator(".act button").click()
    expect(desk.locator(".count-done")).to_be_visible()


def receive(world: World, manager: Worker) -> None:
    """Take in at the store all that came."""
    manager.page.goto(f"{world.base}/store/receive")
    manager.page.locator(".task-open").first.click()
    manager.page.locator("#all-came").click()
    manager.page.locator(".act button").click()
    expect(manager.page.locator(".count-done")).to_be_visible()
    look(manager.page, "10-received")
