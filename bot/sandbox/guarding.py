"""Who may ask: this machine, by its own name, and no page but ours."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NAMES = ("127.0.0.1", "localhost", "[::1]")


def guard(headers: Mapping[str, str], *, for_programs: bool = False) -> Middleware:
    """`for_programs`: no page has any business there at all."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if why := _wrong(request, for_programs=for_programs):
            return web.json_response(
                {"ok": False, "error": "forbidden", "message": why}, status=403, headers=dict(headers)
            )
        response = await handler(request)
        if not response.prepared:
            response.headers.update(headers)
        return response

    return check


def _wrong(request: web.Request, *, for_programs: bool) -> str | None:
    host = request.headers.get("Host", "")
    # Another name that leads here is how a foreign page would reach us.
    if host.rpartition(":")[0] not in NAMES and host not in NAMES:
        return "Only 127.0.0.1 and localhost are answered."
    origin = request.headers.get("Origin")
    if origin is not None and (for_programs or origin != f"http://{host}"):
        return "Requests from other pages are not answered."
    # A link that leads to the page may be anywhere.
    leads_here = request.headers.get("Sec-Fetch-Mode") == "navigate" and not request.path.startswith("/control/")
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none") and not leads_here:
        return "Requests from other pages are not answered."
    if request.method not in ("GET", "HEAD", "POST"):
        return "There is no such method."
    if request.method == "POST" and not for_programs and request.content_type != "application/json":
        return "The body must be application/json."
    return None
