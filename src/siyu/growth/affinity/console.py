"""KOC on the console: who could be one, who fits a product and why, what one carries, tasks and samples."""

from typing import Annotated, Any, cast, get_args
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, FromQuery, QueryParameter

from siyu import web
from siyu.goods import catalog
from siyu.growth import promoters
from siyu.growth.affinity import assigning, fitting, queries, rules, sampling, standing, words
from siyu.growth.affinity.model import Koc, SampleState, State
from siyu.kernel import ids
from siyu.kernel.errors import Invalid
from siyu.kernel.permissions import Permission
from siyu.runtime.edge import InUow, OfMerchant, WithSettings

READ = {"permission": Permission.COMMISSION_READ}
WRITE = {"permission": Permission.PROMOTERS_WRITE}
PRODUCTS_SHOWN = 50
MATCHES_SHOWN = 20
PEOPLE_SHOWN = 200
Form = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]


def _state(said: str) -> State:
    if said not in get_args(State):
        raise Invalid(field="state", zh="没有这个状态。", en="There is no such state.")
    return cast("State", said)


def _id(form: dict[str, str], field: str) -> UUID:
    try:
        return UUID(form.get(field, ""))
    except ValueError:
        raise Invalid(field=field, zh="请选择一项。", en="Please choose one.") from None


@get("/console/{slug:str}/koc", opt=READ)
async def people(
    request: Request[Any, Any, Any],
    uow: InUow,
    merchant: OfMerchant,
    settings: WithSettings,
    koc_state: Annotated[str, QueryParameter(name="state")] = "",
) -> Response[str]:
    """Everybody on the way to being a KOC, by where they stand."""
    return web.page(
        request,
        "affinity/console_people.html",
        merchant=merchant,
        people=await queries.kocs(uow, state=_state(koc_state) if koc_state else None, limit=PEOPLE_SHOWN),
        people_max=PEOPLE_SHOWN,
        counts=await queries.counts(uow),
        state=koc_state,
        run=await queries.last_run(uow),
        done=await queries.last_done(uow),
        words=words,
        invite=f"{settings.base_url}/desk/{merchant.slug}/join",
        tasks_carried=_tasks_carried,
    )


def _tasks_carried(person: Koc) -> int:
    return rules.tasks_carried(person.state, person.weekly)


@post("/console/{slug:str}/koc/runs", opt=WRITE, status_code=200)
async def ask(request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant) -> Response[Any]:
    """Have the matches computed again."""
    await fitting.ask(uow)
    return web.done(request, f"/console/{merchant.slug}/koc", web.mark("已安排重新计算，稍后刷新即可"))


@get("/console/{slug:str}/koc/products", opt=READ)
async def products(
    request: Request[Any, Any, Any], uow: InUow, merchant: OfMerchant, q: FromQuery[str] = ""
) -> Response[str]:
    """Products, each with who fits it best."""
    found = (await catalog.cards(uow, search=q, limit=PRODUCTS_SHOWN)).items
    return web.page(
        request,
        "affinity/console_products.html",
        merchant=merchant,
        products=found,
        tops=await queries.tops(uow, [card.id for card in found]),
        q=q.strip(),
        done=await queries.last_done(uow),
    )


@get("/console/{slug:str}/koc/products/{product_id:uuid}", opt=READ)
async def product_page(
    request: Request[Any, Any, Any], product_id: FromPath[UUID], uow: InUow, merchant: OfMerchant
) -> Response[str]:
    """Who fits a product, why, and who was asked already."""
    product = await catalog.product(uow, product_id)
    return web.page(
        request,
        "affinity/console_product.html",
        merchant=merchant,
        product=product,
        matches=await queries.for_product(uow, product_id, MATCHES_SHOWN),
        assignments=await queries.assignments(uow, product_id=product_id),
        done=await queries.last_done(uow),
        kinds=promoters.KINDS,
        words=words,
    )


class Assign(msgspec.Struct, frozen=True):
    """The form beside a match."""

    promoter_id: UUID
    idempotency_key: UUID
    days: int = 7
    words: str = ""


@post("/console/{slug:str}/koc/products/{product_id:uuid}/assign", opt=WRITE, status_code=200)
async def assign(
    *,
    request: Request[Any, Any, Any],
    product_id: FromPath[UUID],
    data: Annotated[Assign, Body(media_type=RequestEncodingType.URL_ENCODED)],
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Ask a promoter to speak about the product."""
    await catalog.product(uow, product_id)
    await assigning.assign(
        uow, data.idempotency_key, data.promoter_id, product_id, days=data.days, words=data.words
    )
    return web.done(
        request, f"/console/{merchant.slug}/koc/products/{product_id}", web.mark("已指派，对方的工作台会看到")
    )


@post("/console/{slug:str}/koc/assignments/{assignment_id:uuid}/{how:str}", opt=WRITE, status_code=200)
async def end_assignment(
    *,
    request: Request[Any, Any, Any],
    assignment_id: FromPath[UUID],
    how: FromPath[str],
    data: Form,
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Done, with a link to what was published, or withdrawn."""
    if how == "finish":
        ended = await assigning.finish(uow, assignment_id, data.get("link", ""))
    elif how == "withdraw":
        ended = await assigning.withdraw(uow, assignment_id)
    else:
        raise Invalid(field="", zh="没有这个操作。", en="There is no such action.")
    said = web.mark("已完成") if how == "finish" else web.mark("已撤回")
    return web.done(request, f"/console/{merchant.slug}/koc/products/{ended.product_id}", said)


@get("/console/{slug:str}/koc/people/{customer_id:uuid}", opt=READ)
async def person_page(
    *,
    request: Request[Any, Any, Any],
    customer_id: FromPath[UUID],
    uow: InUow,
    merchant: OfMerchant,
    settings: WithSettings,
) -> Response[str]:
    """One KOC: what they carry, what fits, who else reaches their people, samples, and the next step."""
    person = await queries.koc(uow, customer_id)
    promoter_id = person.promoter_id
    return web.page(
        request,
        "affinity/console_person.html",
        merchant=merchant,
        person=person,
        profile=await queries.profile(uow, promoter_id) if promoter_id else None,
        carried=await queries.carried(uow, promoter_id) if promoter_id else None,
        matches=await queries.for_promoter(uow, promoter_id, 10) if promoter_id else [],
        overlaps=await queries.overlaps(uow, promoter_id) if promoter_id else [],
        assignments=await queries.assignments(uow, promoter_id=promoter_id) if promoter_id else [],
        samples=await queries.samples(uow, customer_id),
        steps=sampling.STEPS,
        moves=await standing.moves(uow, customer_id),
        ways=[state for state in get_args(State) if rules.may_move(person.state, state)],
        most=_tasks_carried(person),
        products=(await catalog.cards(uow, limit=PRODUCTS_SHOWN)).items,
        invite=f"{settings.base_url}/desk/{merchant.slug}/join",
        permille=rules.permille,
        words=words,
    )


@post("/console/{slug:str}/koc/people/{customer_id:uuid}/move", opt=WRITE, status_code=200)
async def move(
    *,
    request: Request[Any, Any, Any],
    customer_id: FromPath[UUID],
    data: Form,
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """One step on the way."""
    await standing.move(uow, customer_id, _state(data.get("state", "")), data.get("reason", ""))
    return web.done(request, f"/console/{merchant.slug}/koc/people/{customer_id}", web.mark("状态已更新"))


@post("/console/{slug:str}/koc/people/{customer_id:uuid}/samples", opt=WRITE, status_code=200)
async def ask_sample(
    *,
    request: Request[Any, Any, Any],
    customer_id: FromPath[UUID],
    data: Form,
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """Put a sample on the list."""
    key = _id(data, "idempotency_key") if data.get("idempotency_key") else ids.new()
    await sampling.request(uow, key, customer_id, _id(data, "product_id"))
    return web.done(request, f"/console/{merchant.slug}/koc/people/{customer_id}", web.mark("样品已登记"))


@post(
    "/console/{slug:str}/koc/people/{customer_id:uuid}/samples/{sample_id:uuid}", opt=WRITE, status_code=200
)
async def step_sample(
    *,
    request: Request[Any, Any, Any],
    customer_id: FromPath[UUID],
    sample_id: FromPath[UUID],
    data: Form,
    uow: InUow,
    merchant: OfMerchant,
) -> Response[Any]:
    """The next step of a sample."""
    said = data.get("state", "")
    if said not in get_args(SampleState):
        raise Invalid(field="state", zh="没有这个状态。", en="There is no such state.")
    await sampling.step(uow, customer_id, sample_id, cast("SampleState", said), data.get("text", ""))
    return web.done(request, f"/console/{merchant.slug}/koc/people/{customer_id}", web.mark("样品已更新"))


routes = [
    people,
    ask,
    products,
    product_page,
    assign,
    end_assignment,
    person_page,
    move,
    ask_sample,
    step_sample,
]
