"""What people send who mean harm: texts that want to be code, paths that lead elsewhere, bodies that are too large."""

import gzip

XSS = (
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert&#40;1)</script>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<form action=//evil.example><button>",
    "\" onmouseover=\"alert(1)\" x=\"",
    "' autofocus onfocus='alert(1)",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<!--><script>alert(1)</script-->",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\u003cscript\u003ealert(1)\u003c/script\u003e",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "javascript:/*--></title></style></textarea></script></xmp><svg/onload='+/\"/+/onmouseover=1/+/[*/[]/+alert(1)//'>",
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=alert() )//%0D%0A//</stYle/"
    "</titLe/</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=alert()//>\\x3e",
    "data:text/html,<script>alert(1)</script>",
)  # fmt: skip
"""The last ones are polyglots that run in several contexts at once."""

TEMPLATES = (
    "{{7*7}}", "{% for x in ().__class__.__base__.__subclasses__() %}{{x}}{% endfor %}", "${7*7}", "#{7*7}", "<%= 7*7 %>",
    "{{config}}", "{0.__class__.__mro__}", "%(password)s", "{{''.__class__.__mro__[1].__subclasses__()}}", "{person.__init__}",
)  # fmt: skip

UNICODE = (
    "\u202ecod.exe",
    "\u2066\u2067\u202a",
    "\ufeff",
    "Z\u0351\u036b\u0343" * 40,
    "\U0001f469\u200d\U0001f4bb" * 50,
    "\x00",
    "\r\nSet-Cookie: x=1",
    "\x1b[31m",
)
SQL = ("' OR 1=1 --", "1; DROP TABLE person; --", "%' AND 1=0 UNION SELECT ciphertext FROM stored_connection --")
NUMBERS = ("-1", "9" * 400, "1e309", "NaN", "0x10", "\u0661\u0662", "1.5", "")
ADDRESSES = (
    "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "http://169.254.169.254/latest/meta-data",
    "file:///etc/passwd", "http://[::ffff:127.0.0.1]/", "/%2f%2fevil.example", "https:evil.example", "/\t/evil.example",
)  # fmt: skip
LONG = ("A" * 60_000, "[" * 5_000, '{"a":' * 2_000)

CORPUS = (*XSS, *TEMPLATES, *UNICODE, *SQL, *NUMBERS, *ADDRESSES)

PATHS = (
    "/static/../app.py", "/static/..%2f..%2fapp.py", "/static/%2e%2e/%2e%2e/app.py", "/static/....//app.py",
    "/static//etc/passwd",
    "/static/%00", "/static/chatledger.css%00.html", "/static/..\\app.py", "/%2e%2e/%2e%2e/etc/passwd", "//evil.example/%2f..",
    "/connect/../health", "/connect%2fpeople", "/CONNECT", "/connect/;admin", "/.git/config", "/.env",
    "/secret.key", "/ledger.db",
    "/invitation/" + "a" * 20_000, "/webhooks/timelines/", "/webhooks/timelines/..%2f..", "/invitation/%ff%fe", "/\u202e",
    "/static/", "/static", "/templates/base.html", "/api/health", "/x/ready", "/webhooks/timelines/health",
)  # fmt: skip

QUERY = (
    "next", "problem", "done", "lang", "state", "code", "error", "location", "accounts-server", "module", "record", "q",
    "page",
    "chat", "search", "phone", "before", "after", "outcome", "reason", "from", "to", "day", "sort", "challenge", "format",
)  # fmt: skip
"""Names of parameters that some page may read."""

FORM = (
    "email", "role", "person", "token", "invitation", "client_id", "client_secret", "location", "text", "name", "next",
    "reply_to", "emoji", "phone", "record", "reason", "uid", "before", "back",
)  # fmt: skip
"""Names of fields that some form has."""

BOMB = gzip.compress(b"0" * 20_000_000)
BODIES = (
    ("application/json", b"{"), ("application/json", b"[" * 50_000), ("application/json", b"null"),
    ("application/json", b'"x"'),
    ("application/xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
    ("text/plain", b"csrf_token=x"), ("multipart/form-data", b"no boundary"), ("multipart/form-data; boundary=x", b"--x\r\n"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="a"; filename="../../x"\r\n\r\nx\r\n--x--',
    ),
    ("application/x-www-form-urlencoded", b"&".join(b"a=%d" % number for number in range(3_000))),
    ("application/x-www-form-urlencoded", b"%ff%fe=%00&" + b"\xff" * 100), ("image/svg+xml", b"<svg onload=alert(1)>"),
    ("", b"\x00" * 1000), ("application/x-www-form-urlencoded; charset=utf-7", b"a=+ADw-"), ("text/html", b"<script>"),
)  # fmt: skip
"""Content types with bodies that do not fit them, or fit them badly."""
