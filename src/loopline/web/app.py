"""The application: what is served, what protects it, what runs beside it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cached_property
from typing import cast

from litestar import Litestar, Router, get
from litestar.config.compression import CompressionConfig
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import CacheControlHeader, MutableScopeHeaders, State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect
from litestar.static_files import (
    create_static_files_router,  # pyright: ignore[reportUnknownVariableType]
)
from litestar.template.config import TemplateConfig
from litestar.types import LifeSpanReceive, LifeSpanScope, LifeSpanSend, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry

from loopline.channels.beside import Beside
from loopline.channels.invoicing import invoice_platform
from loopline.channels.paying_out import payout_gateway
from loopline.channels.sandbox_aliyun import SandboxAliyun, aliyun_settings
from loopline.channels.sandbox_market import SandboxMarket, market_settings
from loopline.channels.sandbox_nuonuo import SandboxNuonuo, nuonuo_settings
from loopline.channels.sandbox_pay import Sandbox, sandbox_settings
from loopline.channels.sandbox_wechat import SandboxWechat, wechat_settings
from loopline.channels.text_messages import ShownOnThePage, TextMessages, text_messages_at
from loopline.channels.webhooks_out import SecretBook
from loopline.customers.keys import open_key_ring
from loopline.db import Database
from loopline.web.api.caller import STANDING_STATE, KnownCallers, caller
from loopline.web.api.document import ApiDocument, StrictStructs
from loopline.web.api.limits import Limiter, Standing
from loopline.web.api.reading import ApiRequest
from loopline.web.availability import availability_coalescer
from loopline.web.edge import Clock, Edge, WebRequest, system_clock, visitor, visitor_or_none
from loopline.web.health import show_health, show_metrics
from loopline.web.hq.board import board_rounds, watched_board
from loopline.web.hq.board_view import encoded_message
from loopline.web.hq.surge import surge_reader, watched_surge
from loopline.web.hq.surge_view import encoded_surge
from loopline.web.lane import (
    AVAILABILITY_PATH,
    ORDERS_PATH,
    PROMISES_PATH,
    AvailabilityLane,
    Forward,
    OrderLane,
    PromiseLane,
)
from loopline.web.live import BoardHub, LiveHub
from loopline.web.measured import Measured, count_answer
from loopline.web.metrics import Metrics
from loopline.web.navigation import home_of
from loopline.web.pages import FORM_COOKIE, STATIC, STATIC_PATH, environment
from loopline.web.paths import HOME
from loopline.web.placing import order_coalescer
from loopline.web.problems import EXCEPTION_HANDLERS
from loopline.web.promising.desk import PromiseDesk
from loopline.web.routes import API_HANDLERS, PAGE_HANDLERS
from loopline.web.security import protect
from loopline.web.settings import WebSettings
from loopline.web.sign_in import choose_language, show_sign_in, sign_in, sign_out
from loopline.web.tally import Tally

API_PATH = "/api/v1"
_BODY_BYTES_MAX = 20_000_000
_YEAR_SECONDS = 365 * 24 * 3600
# No cookie, no form, nothing to forge: assets, probes and streams.
_WITHOUT_FORMS = [
    f"^{STATIC_PATH}/",
    "^/healthz$",
    "^/metrics$",
    "^/hq/[a-z]+/stream$",
    f"^{API_PATH}/",
    "^/sandbox/",
]


@get("/", sync_to_thread=True)
def lead_home(request: WebRequest) -> Redirect:
    """Lead to the page somebody's work begins on."""
    known = visitor_or_none(request)
    return Redirect(home_of(known.person) if known else HOME)


class LooplineApp(Litestar):
    """The application, with the short ways before everything else."""

    async def __call__(
        self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Send | LifeSpanSend
    ) -> None:
        """Answer a request, the short way where it has one."""
        lane = self._lanes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if lane is not None:
            await lane(cast("Scope", scope), cast("Receive", receive), cast("Send", send))
        else:
            await super().__call__(scope, receive, send)

    @cached_property
    def _lanes(self) -> dict[tuple[str, str], Forward]:
        edge = self.state["edge"]
        assert isinstance(edge, Edge)
        forward = super().__call__
        return {
            ("POST", ORDERS_PATH): OrderLane(edge, forward),
            ("GET", AVAILABILITY_PATH): AvailabilityLane(edge, forward),
            ("POST", PROMISES_PATH): PromiseLane(edge, forward),
        }


def create_app(
    database: Database,
    settings: WebSettings,
    *,
    clock: Clock = system_clock,
    registry: CollectorRegistry | None = None,
) -> Litestar:
    """Make the application of one process on an open database. It closes neither the database nor its pool.

    /metrics tells what is in `registry`, where what runs beside the pages measures too.
    """
    sandbox = _sandbox(settings, clock)
    sandboxes = [one for one in (sandbox, *_other_sandboxes(settings, clock)) if one is not None]
    edge = _edge(database, settings, clock=clock, sandbox=sandbox, metrics=Metrics(registry))
    return LooplineApp(
        route_handlers=[
            lead_home,
            show_sign_in,
            sign_in,
            sign_out,
            choose_language,
            page_router(),
            api_router(),
            show_health,
            show_metrics,
            *(one.mounted() for one in sandboxes),
            create_static_files_router(
                path=STATIC_PATH,
                directories=[STATIC],
                cache_control=CacheControlHeader(max_age=_YEAR_SECONDS, public=True, immutable=True),
            ),
        ],
        dependencies={
            "visitor": Provide(visitor, sync_to_thread=True),
            "watch": Provide(watched_board, sync_to_thread=True),
            "surge_watch": Provide(watched_surge, sync_to_thread=False),
        },
        state=State({"edge": edge}),
        template_config=TemplateConfig(instance=JinjaTemplateEngine(engine_instance=environment())),
        csrf_config=CSRFConfig(
            secret=settings.secret,
            cookie_name=FORM_COOKIE,
            cookie_httponly=True,
            cookie_secure=settings.is_secure,
            exclude=_WITHOUT_FORMS,
        ),
        # A compressor would hold a stream's messages back until it has enough of them.
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=6, exclude=["/stream$"]),
        middleware=[Measured()],
        before_send=[count_answer, protect, tell_rate],
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=[_running, *(one.beside for one in sandboxes)],
        include_in_schema=False,
        openapi_config=api_description(),
        plugins=[StrictStructs()],
        logging_config=None,
    )


def _edge(
    database: Database, settings: WebSettings, *, clock: Clock, sandbox: Sandbox | None, metrics: Metrics
) -> Edge:
    """Gather what every handler of this process needs."""
    hub = BoardHub(
        board_rounds(database, clock),
        encoded_message,
        metrics=metrics,
        poll_seconds=settings.board_poll_seconds,
    )
    surge = LiveHub(
        lambda: surge_reader(database, clock),
        encoded_surge,
        metrics=metrics,
        poll_seconds=settings.board_poll_seconds,
    )
    tally = Tally(database, clock)
    return Edge(
        database=database,
        settings=settings,
        clock=clock,
        hub=hub,
        surge=surge,
        tally=tally,
        metrics=metrics,
        ring=open_key_ring(settings.keys_directory),
        limiter=Limiter(),
        callers=KnownCallers(),
        webhook_secrets=SecretBook(settings.keys_directory),
        orders=order_coalescer(database, clock, registry=metrics.registry, onlooker=tally),
        availability=availability_coalescer(database, clock, registry=metrics.registry),
        promises=PromiseDesk(database, clock, registry=metrics.registry),
        texts=_texts(settings),
        gateways={sandbox.gateway.name: sandbox.gateway} if sandbox else {},
        payouts=payout_gateway(
            settings.data_directory,
            settings.keys_directory,
            sandbox_at=settings.public_url if settings.demo is not None else "",
        ),
        invoices=invoice_platform(
            settings.data_directory,
            settings.keys_directory,
            sandbox_at=settings.public_url if settings.demo is not None else "",
        ),
    )


def _texts(settings: WebSettings) -> TextMessages:
    """The demo's phones are made up: its pages show what would be sent."""
    if settings.demo is not None:
        return ShownOnThePage()
    return text_messages_at(settings.text_messages_url, settings.text_messages_secret)


def _sandbox(settings: WebSettings, clock: Clock) -> Sandbox | None:
    """Make the demo's way to pay, which lives beside the pages and is reached over HTTP like any other."""
    if settings.demo is None or not settings.public_url:
        return None
    return Sandbox(sandbox_settings(settings.data_directory, settings.public_url), clock=clock)


def _other_sandboxes(settings: WebSettings, clock: Clock) -> tuple[Beside | None, ...]:
    """Make what else the demo speaks to, each where it has one."""
    makers = (_market, _wechat, _nuonuo, _aliyun)
    return tuple(make(settings, clock) for make in makers)


def _market(settings: WebSettings, clock: Clock) -> SandboxMarket | None:
    """Make the demo's marketplaces, which live beside the pages and are reached over HTTP like any other."""
    if settings.demo is None or not settings.public_url:
        return None
    return SandboxMarket(market_settings(settings.data_directory, settings.public_url), clock=clock)


def _wechat(settings: WebSettings, clock: Clock) -> SandboxWechat | None:
    """Make the demo's WeChat Pay, through which parties are paid, reached over HTTP like the real one."""
    if settings.demo is None or not settings.public_url:
        return None
    return SandboxWechat(wechat_settings(settings.data_directory, settings.public_url), clock=clock)


def _nuonuo(settings: WebSettings, clock: Clock) -> SandboxNuonuo | None:
    """Make the demo's platform of e-invoices, reached over HTTP like the real one."""
    if settings.demo is None or not settings.public_url:
        return None
    return SandboxNuonuo(nuonuo_settings(settings.data_directory, settings.public_url), clock=clock)


def _aliyun(settings: WebSettings, clock: Clock) -> SandboxAliyun | None:
    """Make the demo's gateway of text messages, reached over HTTP like the real one."""
    if settings.demo is None or not settings.public_url:
        return None
    return SandboxAliyun(aliyun_settings(settings.data_directory, settings.public_url), clock=clock)


def page_router() -> Router:
    """Gather the pages. Handlers of one path must come to the application together: one that is registered beside
    another of its path later is wrapped twice, and then answers with a coroutine.
    """
    return Router(path="/", route_handlers=PAGE_HANDLERS)


def api_router() -> Router:
    """Gather the resources of the API: who calls is found out for each, and bodies are read strictly."""
    return Router(
        path=API_PATH,
        route_handlers=API_HANDLERS,
        dependencies={"caller": Provide(caller)},
        request_class=ApiRequest,
        request_max_body_size=_BODY_BYTES_MAX,
        security=[{"bearer": []}],
        include_in_schema=True,
    )


def api_description() -> OpenAPIConfig:
    """What the API's description says of it as a whole."""
    return OpenAPIConfig(
        title="Loopline",
        version="1",
        summary="One customer, one stock, one price, one order, one transparent split of the money.",
        path=f"{API_PATH}/openapi.json",
        render_plugins=[ApiDocument()],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="An API key, or the token of a person's or a member's session.",
                )
            }
        ),
    )


async def tell_rate(message: Message, scope: Scope) -> None:
    """Say with each answer of the API how much the caller may still ask for."""
    if message["type"] != "http.response.start":
        return
    standing = scope["state"].get(STANDING_STATE)
    if isinstance(standing, Standing):
        headers = MutableScopeHeaders.from_message(message)
        headers["RateLimit-Limit"] = str(standing.rate.burst)
        headers["RateLimit-Remaining"] = str(standing.left)


@asynccontextmanager
async def _running(app: Litestar) -> AsyncGenerator[None, None]:
    edge = app.state["edge"]
    assert isinstance(edge, Edge)
    tasks = [
        asyncio.create_task(edge.hub.run(), name="board-hub"),
        asyncio.create_task(edge.surge.run(), name="surge-hub"),
        asyncio.create_task(edge.tally.run(), name="tally"),
    ]
    try:
        yield
    finally:
        await edge.orders.close()
        await edge.availability.close()
        await asyncio.to_thread(edge.promises.stop)
        edge.hub.close()
        edge.surge.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await edge.tally.write()
