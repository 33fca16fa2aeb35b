"""`siyu demo`: the seeded merchant, the worker and the sandbox in one process, and a panel that says where to begin."""

import logging

import msgspec
from rich.console import Console, Group
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from siyu import serve
from siyu.app import House
from siyu.demo.opening import door_code
from siyu.demo.people import KOC
from siyu.demo.seed import DemoMerchant, Login, seed
from siyu.settings import Settings

INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended
WIDTH = 96


def run(settings: Settings) -> int:
    """Serve the demo until Ctrl-C. The first start makes the merchant; later ones find it. Returns the exit code."""
    settings = msgspec.structs.replace(settings, demo=True, sandbox=True)
    if trouble := serve.trouble(settings):
        Console(stderr=True).print(trouble, markup=False)
        return 1
    # The panel is what people should see: not a line for every call to the sandbox, nor how the database was made.
    for name in ("httpx", "siyu.runtime", "siyu.connect"):
        logging.getLogger(name).setLevel(logging.WARNING)
    console = Console()
    try:
        return serve.loop_runner()(_serve(settings, console))
    except KeyboardInterrupt:
        console.print("已中断，下次启动会接着准备。 / Interrupted; the next start makes it whole.")
        return INTERRUPTED


async def _serve(settings: Settings, console: Console) -> int:
    found: list[DemoMerchant] = []

    async def before(house: House) -> None:
        found.append(await _prepared(house, console))

    async with serve.running(settings, before=before) as house:
        console.print(welcome(house.settings, found[0]))
        await serve.until_stopped()
    console.print("已停止 / stopped")
    return 0


async def _prepared(house: House, console: Console) -> DemoMerchant:
    """The demo merchant; making it shows how far it is."""
    progress = Progress(
        TextColumn("正在准备演示商家 / preparing the demo"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("天 / days"),
        TimeElapsedColumn(),
        console=console,
    )
    bar = progress.add_task("")

    def on_day(passed: int, whole: int) -> None:
        progress.start()
        progress.update(bar, completed=passed, total=whole)

    try:
        return await seed(house.database, house.database_url, house.settings, on_day=on_day)
    finally:
        if progress.live.is_started:
            progress.stop()


def welcome(settings: Settings, demo: DemoMerchant) -> Panel:
    """Where everything is, who can sign in and how, and the door to begin at."""
    shop, phone = settings.base_url, settings.sandbox_url
    places = _grid(
        ("店铺", "shop", f"{shop}/shop/{demo.slug}"),
        ("工作台", "desk", f"{shop}/desk/{demo.slug}"),
        ("后台", "console", f"{shop}/console/{demo.slug}"),
        ("接口文档", "API", f"{shop}/api/docs"),
        ("沙箱手机", "phone", f"{phone}/phone"),
    )
    owner, guide, keeper = _login(demo, "owner"), _login(demo, "guide"), _login(demo, "custom")
    koc, shopper = demo.koc, demo.shopper
    who = _grid(
        ("店主", "owner", f"{owner.name} · 后台 console · {owner.login} / {owner.password}"),
        ("导购", "guide", f"{guide.name}（{guide.store}）· 工作台 desk · {guide.login} / {guide.password}"),
        (
            "仓管",
            "stock",
            f"{keeper.name}（{keeper.store}）· 后台 console · {keeper.login} / {keeper.password}",
        ),
        ("达人", "KOC", f"{koc.nickname} · 工作台 desk → 微信登录 WeChat → 选 choose “{koc.nickname}”"),
        (
            "顾客",
            "shopper",
            f"{shopper.nickname} · 店铺 shop → 微信登录 WeChat → 选 choose “{shopper.nickname}”",
        ),
        (
            "",
            "",
            f"或手机号 or by phone {shopper.phone}，验证码在沙箱手机 the code is on the sandbox's phone",
        ),
    )
    door = _grid(
        ("扫这个码", "door", f"{shop}/d/{demo.slug}/{door_code(f'voice-{KOC}')}"),
        ("", "", f"{koc.nickname}的推荐码：扫码 → 下单 → 付款 → 提货，佣金归 TA。"),
        ("", "", "The KOC's door: scan, order, pay, pick up; the commission is theirs."),
        ("快进八天", "later", "siyu demo clock +8d  （售后期过后佣金可结算 · commission becomes payable)"),
    )
    return Panel(
        Group(
            places, _heading("从这里开始", "begin here"), door, _heading("谁能登录", "who can sign in"), who
        ),
        title=f"Siyu 私域 · {demo.name} · 演示 demo",
        subtitle="Ctrl-C 停止 / stops",
        padding=(1, 2),
        width=WIDTH,
    )


def _login(demo: DemoMerchant, role: str) -> Login:
    return next(login for login in demo.logins if login.role == role)


def _heading(zh: str, en: str) -> Text:
    return Text(f"\n{zh} / {en}", style="bold")


def _grid(*rows: tuple[str, str, str]) -> Table:
    """Chinese word, English word, value. Addresses are never broken, so that they can be copied."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(min_width=8, no_wrap=True)
    grid.add_column(min_width=7, style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    return grid
