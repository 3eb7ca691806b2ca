"""What people do on their pages, tap by tap: customers on their phones, staff on the store's."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.world import PHONE, World, look


class Customer:
    """Somebody with a phone of their own, who signs in to the shop where it is asked for."""

    def __init__(self, world: World, phone: str, *, locale: str, name: str = "李雷") -> None:
        self.world = world
        self.phone = phone
        self.name = name
        self.page = world.page(width=PHONE, locale=locale)

    def open(self, path: str) -> Page:
        """Open an address, as a scanned code does."""
        self.page.goto(f"{self.world.base}{path}")
        return self.page

    def choose(self, colour: str, size: str) -> None:
        """Choose a colour and a size of the product that is shown, and buy."""
        self._chip(".chip:not(.chip-size)", colour)
        self._chip(".chip-size", size)
        self.buy()

    def _chip(self, kind: str, word: str) -> None:
        chip = self.page.locator(kind, has_text=re.compile(f"^{word}$"))
        chip.click()
        expect(chip).to_have_attribute("aria-current", "true")

    def buy(self) -> None:
        """Press what buys, and sign in where nobody is."""
        self.page.locator(".bar .button-main").click()
        self.page.wait_for_url(re.compile("/checkout"))
        if self.page.locator("form[action='/me/sign-in/code']").count():
            self.sign_in()
            self.page.wait_for_url(re.compile("/checkout"))

    def sign_in(self) -> None:
        """Ask for a code by phone, and type the one that the demo shows."""
        self.page.locator("input[name=phone]").fill(self.phone)
        self.page.locator("form[action='/me/sign-in/code'] .button-main").click()
        self.page.locator("input[name=code]").fill(self.page.locator(".demo-code b").inner_text())
        self.page.locator("form[action='/me/sign-in/begin'] .button-main").click()

    def fill_address(self, *, region_code: str = "310100", street: str = "愚园路 12 号 301 室") -> None:
        """Say where to."""
        self.page.locator("input[name=recipient]").fill(self.name)
        self.page.locator("input[name=phone]").fill(self.phone)
        self.page.locator("select[name=region_code]").select_option(region_code)
        self.page.locator("input[name=street]").fill(street)

    def collect_at(self, site_code: str) -> None:
        """Choose to collect, and in which store."""
        self.page.locator(".hows [data-way=collect]").click()
        self.page.locator(f"input[name=site][value={site_code}]").check()

    def pay(self) -> str:
        """Place the order, pay it at the sandbox's cashier and come back; returns its number."""
        self.page.locator(".bar .button-main").click()
        self.page.wait_for_url(re.compile(r"/sandbox/pay/cashier/"))
        self.page.locator("button[value=pay]").click()
        self.page.wait_for_url(re.compile(r"/o/|/sandbox/"))
        if "/sandbox/" in self.page.url:
            self.page.locator("a.back").click()
        self.page.wait_for_url(re.compile(r"/o/"))
        self.world.settle()
        self.sees("offered")
        return self.page.url.rsplit("/o/", 1)[1]

    def sees(self, standing: str) -> None:
        """See where the order stands; the page moves by itself."""
        expect(self.page.locator(f"[data-standing={standing}]")).to_be_visible()

    def code(self) -> str:
        """Read the code that the parcel is given for."""
        return self.page.locator("[data-code]").inner_text()

    def review(self, text: str, *, stars: int = 5) -> None:
        """Say how the only piece of the order is."""
        self.page.locator("summary", has_text=re.compile("How is it|用得怎么样")).click()
        self.page.locator(f".rate label[title='{stars}']").first.click()
        self.page.locator("textarea[name=text]").first.fill(text)
        look(self.page, "review")
        self.page.locator("form[action$='/review'] .button-main").first.click()
        expect(self.page.locator(".note-plain", has_text=text)).to_be_visible()


class Worker:
    """Somebody at a site, with the store's phone."""

    def __init__(self, world: World, sign_in_name: str, *, locale: str) -> None:
        self.world = world
        self.page = world.staff(sign_in_name, "/store", locale=locale)

    def today(self) -> Page:
        """Look at what there is to do."""
        self.page.goto(f"{self.world.base}/store")
        return self.page

    def work_off(self, number: str, *codes: str) -> None:
        """Accept the work of an order, pick it, look at it and pack it."""
        self.accept(number)
        self.pick(*codes)
        self.pack()

    def accept(self, number: str) -> None:
        """Accept the work of an order, from the list."""
        self.today()
        card = self.page.locator(".task", has_text=number)
        expect(card).to_have_count(1)
        card.locator("form button").click()
        self.page.wait_for_url(re.compile("/store/tasks/"))

    def pick(self, *codes: str) -> None:
        """Begin, scan each unit, look at every point."""
        self._act()
        scan = self.page.locator("#scan")
        for code in codes:
            scan.fill(code)
            scan.press("Enter")
        self.look_over()

    def look_over(self) -> None:
        """See that all is there, look at every point."""
        for box in self.page.locator("[name=have]").all():
            expect(box).to_be_checked()
        for point in self.page.locator("[name=looked]").all():
            point.check()
        self._act()

    def pack(self) -> None:
        """Say that it is packed."""
        self._act()

    def send(self, tracking_number: str) -> None:
        """Give it to the carrier."""
        self.page.locator("#tracking_number").fill(tracking_number)
        self._act()

    def open(self, number: str) -> None:
        """Open the work of an order, from the list."""
        self.today()
        self.page.locator(".task", has_text=number).locator("a.task-open").click()
        self.page.wait_for_url(re.compile("/store/tasks/"))

    def refuse(self, reason: str, *, counted: int | None = None) -> None:
        """Say that the goods cannot be sent, and why; where that is why, how many there are in the whole shop."""
        self.page.locator(".refuse summary").click()
        self.page.locator(f".refuse [value={reason}]").check()
        if counted is not None:
            self.page.locator(".recount input").fill(str(counted))
        look(self.page, f"refuse-{reason}")
        self.page.locator(".btn-refuse").click()
        expect(self.page.locator(".btn-refuse")).to_have_count(0)

    def give(self, code: str) -> None:
        """Ask a customer for the code, find the parcel and give it."""
        self.page.goto(f"{self.world.base}/store/collect")
        self.page.locator("#code").fill(code)
        self.page.locator("form[action='/store/collect'] .btn-primary").click()
        self.page.locator("form[action='/store/collect/hand-over'] .btn-primary").click()
        self.page.wait_for_url(re.compile("/store/tasks/"))

    def _act(self) -> None:
        """Press the one thing that the thumb lies on, and wait until the task stands otherwise."""
        page = self.page.locator("#step-page")
        before = page.get_attribute("data-state")
        assert before is not None
        self.page.locator(".act button.btn-primary").click()
        expect(page).not_to_have_attribute("data-state", before)


class Till:
    """A device with the till open in one or more tabs of one browser."""

    def __init__(self, world: World, sign_in_name: str, *, locale: str) -> None:
        self.world = world
        self.first = world.staff(sign_in_name, "/store/till", locale=locale)
        self._ready(self.first)

    def another_tab(self) -> Page:
        """Open the till once more in the same browser."""
        page = self.first.context.new_page()
        page.goto(f"{self.world.base}/store/till")
        self._ready(page)
        return page

    def network(self, *, is_there: bool) -> None:
        """Take the network away, or give it back."""
        self.first.context.set_offline(not is_there)

    def _ready(self, page: Page) -> None:
        page.wait_for_selector('#till[data-kept="yes"]')


def ring_up(page: Page, *codes: str, method: str = "cash") -> None:
    """Scan goods as a hand scanner does, and take the money."""
    for code in codes:
        before = page.locator("#till-cart").inner_text()
        page.locator("#till-scan").fill(code)
        page.locator("#till-scan").press("Enter")
        expect(page.locator("#till-cart")).not_to_have_text(before)
    page.locator(f"input[name=method][value={method}]").check()
    page.locator("#till-ring").click()
    expect(page.locator("#till-done")).to_be_visible()


def till_says(page: Page, text: str) -> None:
    """See what stands on top of the till, in every tab of the device."""
    expect(page.locator("#till-pulse")).to_have_text(text, timeout=20_000)


def order_numbers(page: Page, count: int) -> list[str]:
    """Read the numbers of the orders that so many sales of a device are, the newest first, once all are sent."""
    sent = page.locator(".till-sale-sent")
    expect(sent).to_have_count(count)
    return [re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{3}", one)[0] for one in sent.all_inner_texts()]
