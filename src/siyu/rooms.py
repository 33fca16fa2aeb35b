"""The rooms of the house in order: every page and every endpoint there is."""

from collections.abc import Sequence

from litestar.handlers import HTTPRouteHandler
from litestar.router import Router

from siyu.goods.catalog import api as catalog_api
from siyu.goods.catalog import console as catalog_console
from siyu.goods.catalog import sheets_console, synonyms_console
from siyu.goods.catalog import shop as catalog_shop
from siyu.goods.inventory import api as inventory_api
from siyu.goods.inventory import console as inventory_console
from siyu.goods.inventory import desk as inventory_desk
from siyu.goods.media import api as media_api
from siyu.goods.media import console as media_console
from siyu.goods.media import serving as media_serving
from siyu.goods.offers import api as offers_api
from siyu.goods.offers import console as offers_console
from siyu.goods.offers import console_calendar as offers_calendar
from siyu.goods.offers import console_form as offers_form
from siyu.goods.offers import console_simulate as offers_simulate
from siyu.goods.offers import coupons_api, coupons_console
from siyu.goods.offers import shop as offers_shop
from siyu.goods.pricing import api as pricing_api
from siyu.goods.pricing import console as pricing_console
from siyu.goods.pricing import shop as pricing_shop
from siyu.growth.affinity import api as affinity_api
from siyu.growth.affinity import console as affinity_console
from siyu.growth.disputes import api as disputes_api
from siyu.growth.disputes import console as disputes_console
from siyu.growth.disputes import desk as disputes_desk
from siyu.growth.distribution import api as distribution_api
from siyu.growth.distribution import console as distribution_console
from siyu.growth.distribution import console_plans as distribution_plans
from siyu.growth.distribution import console_review as distribution_review
from siyu.growth.distribution import review_api as distribution_review_api
from siyu.growth.draws import api as draws_api
from siyu.growth.draws import console as draws_console
from siyu.growth.draws import shop as draws_shop
from siyu.growth.itemcodes import api as itemcodes_api
from siyu.growth.itemcodes import console as itemcodes_console
from siyu.growth.itemcodes import shop as itemcodes_shop
from siyu.growth.oversight import api as oversight_api
from siyu.growth.oversight import console as oversight_console
from siyu.growth.payouts import api as payouts_api
from siyu.growth.payouts import console as payouts_console
from siyu.growth.payouts import desk as payouts_desk
from siyu.growth.promoting import api as promoting_api
from siyu.growth.promoting import console as promoting_console
from siyu.growth.promoting import console_review as promoting_review
from siyu.growth.promoting import console_tasks as promoting_tasks
from siyu.growth.promoting import desk as promoting_desk
from siyu.growth.promoting import desk_learning as promoting_learning
from siyu.growth.promoting import desk_own as promoting_own
from siyu.growth.promoting import shop as promoting_shop
from siyu.insight import dashboards
from siyu.money.ledger import api as ledger_api
from siyu.money.ledger import console as ledger_console
from siyu.people import workbench
from siyu.people.addresses import api as addresses_api
from siyu.people.addresses import console as addresses_console
from siyu.people.addresses import shop as addresses_shop
from siyu.people.customers import api as customers_api
from siyu.people.customers import console as customers_console
from siyu.people.customers import levels_console
from siyu.people.customers import shop as customers_shop
from siyu.people.notices import api as notices_api
from siyu.people.notices import shop as notices_shop
from siyu.people.points import api as points_api
from siyu.people.points import console as points_console
from siyu.people.points import shop as points_shop
from siyu.people.staff import console as staff_console
from siyu.place.attribution import api as attribution_api
from siyu.place.attribution import console as attribution_console
from siyu.place.attribution import shop as attribution_shop
from siyu.place.doors import api as doors_api
from siyu.place.doors import console as doors_console
from siyu.place.doors import shop as doors_shop
from siyu.place.stores import api as stores_api
from siyu.place.stores import console as stores_console
from siyu.place.stores import shop as stores_shop
from siyu.trade import imports
from siyu.trade.activities import api as activities_api
from siyu.trade.activities import shop as activities_shop
from siyu.trade.aftersales import api as aftersales_api
from siyu.trade.aftersales import console as aftersales_console
from siyu.trade.aftersales import shop as aftersales_shop
from siyu.trade.bargains import api as bargains_api
from siyu.trade.bargains import console as bargains_console
from siyu.trade.bargains import shop as bargains_shop
from siyu.trade.carts import shop as carts_shop
from siyu.trade.checkout import api as checkout_api
from siyu.trade.checkout import shop as checkout_shop
from siyu.trade.delivery import api as delivery_api
from siyu.trade.delivery import console as delivery_console
from siyu.trade.flashsales import api as flashsales_api
from siyu.trade.flashsales import console as flashsales_console
from siyu.trade.flashsales import shop as flashsales_shop
from siyu.trade.fulfilment import api as fulfilment_api
from siyu.trade.fulfilment import console as fulfilment_console
from siyu.trade.fulfilment import desk as fulfilment_desk
from siyu.trade.fulfilment import shop as fulfilment_shop
from siyu.trade.groupbuys import api as groupbuys_api
from siyu.trade.groupbuys import console as groupbuys_console
from siyu.trade.groupbuys import console_form as groupbuys_form
from siyu.trade.groupbuys import shop as groupbuys_shop
from siyu.trade.orders import api as orders_api
from siyu.trade.orders import console as orders_console
from siyu.trade.orders import desk as orders_desk
from siyu.trade.orders import shop as orders_shop
from siyu.trade.payments import api as payments_api
from siyu.trade.payments import console as payments_console
from siyu.trade.payments import shop as payments_shop
from siyu.trade.pointsprices import api as pointsprices_api
from siyu.trade.pointsprices import console as pointsprices_console
from siyu.trade.pointsprices import shop as pointsprices_shop
from siyu.trade.presales import api as presales_api
from siyu.trade.presales import console as presales_console
from siyu.trade.presales import shop as presales_shop
from siyu.trade.reconciliation import api as reconciliation_api
from siyu.trade.reconciliation import console as reconciliation_console
from siyu.trade.suppliers import api as suppliers_api
from siyu.trade.suppliers import console as suppliers_console
from siyu.trade.suppliers import desk as suppliers_desk

ROUTES: Sequence[HTTPRouteHandler | Router] = [
    # the shop
    *doors_shop.routes,
    *catalog_shop.routes,
    *pricing_shop.routes,
    *offers_shop.routes,
    *activities_shop.routes,
    *media_serving.routes,
    *stores_shop.routes,
    *carts_shop.routes,
    *checkout_shop.routes,
    *addresses_shop.routes,
    *orders_shop.routes,
    *flashsales_shop.routes,
    *fulfilment_shop.routes,
    *payments_shop.routes,
    *aftersales_shop.routes,
    *bargains_shop.routes,
    *presales_shop.routes,
    *groupbuys_shop.routes,
    *pointsprices_shop.routes,
    *draws_shop.routes,
    *itemcodes_shop.routes,
    *customers_shop.routes,
    *notices_shop.routes,
    *points_shop.routes,
    *promoting_shop.routes,
    *attribution_shop.routes,
    # the desk
    *orders_desk.routes,
    *inventory_desk.routes,
    *fulfilment_desk.routes,
    *suppliers_desk.routes,
    *promoting_desk.routes,
    *payouts_desk.routes,
    *disputes_desk.routes,
    *promoting_own.routes,
    *promoting_learning.routes,
    # the console
    *staff_console.routes,
    *workbench.routes,
    *dashboards.routes,
    *catalog_console.routes,
    *sheets_console.routes,
    *synonyms_console.routes,
    *pricing_console.routes,
    *offers_form.routes,
    *offers_calendar.routes,
    *offers_simulate.routes,
    *offers_console.routes,
    *coupons_console.routes,
    *media_console.routes,
    *inventory_console.routes,
    *customers_console.routes,
    *levels_console.routes,
    *points_console.routes,
    *draws_console.routes,
    *itemcodes_console.routes,
    *pointsprices_console.routes,
    *doors_console.routes,
    *attribution_console.routes,
    *stores_console.routes,
    *addresses_console.routes,
    *delivery_console.routes,
    *orders_console.routes,
    *flashsales_console.routes,
    *fulfilment_console.routes,
    *payments_console.routes,
    *reconciliation_console.routes,
    *aftersales_console.routes,
    *groupbuys_form.routes,
    *groupbuys_console.routes,
    *bargains_console.routes,
    *presales_console.routes,
    *suppliers_console.routes,
    *distribution_console.routes,
    *payouts_console.routes,
    *distribution_plans.routes,
    *distribution_review.routes,
    *disputes_console.routes,
    *promoting_console.routes,
    *affinity_console.routes,
    *promoting_review.routes,
    *promoting_tasks.routes,
    *oversight_console.routes,
    *ledger_console.routes,
    *imports.routes,
    # the API
    *catalog_api.routes,
    *pricing_api.routes,
    *offers_api.routes,
    *coupons_api.routes,
    *media_api.routes,
    *inventory_api.routes,
    *doors_api.routes,
    *attribution_api.routes,
    *disputes_api.routes,
    *stores_api.routes,
    *customers_api.routes,
    *addresses_api.routes,
    *notices_api.routes,
    *points_api.routes,
    *draws_api.routes,
    *itemcodes_api.routes,
    *delivery_api.routes,
    *checkout_api.routes,
    *orders_api.routes,
    *fulfilment_api.routes,
    *payments_api.routes,
    *payouts_api.routes,
    *reconciliation_api.routes,
    *aftersales_api.routes,
    *activities_api.routes,
    *flashsales_api.routes,
    *presales_api.routes,
    *pointsprices_api.routes,
    *groupbuys_api.routes,
    *bargains_api.routes,
    *suppliers_api.routes,
    *distribution_api.routes,
    *distribution_review_api.routes,
    *promoting_api.routes,
    *affinity_api.routes,
    *oversight_api.routes,
    *ledger_api.routes,
]
