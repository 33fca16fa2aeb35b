"""What channels are called."""

from siyu import web

CHANNELS = {"shop": web.mark("手机商城"), "api": web.mark("开放接口")}
