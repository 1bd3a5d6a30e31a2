"""The names of a browser and its system, as their owner knows them."""

# The first that occurs wins: most browsers also name those that they resemble. LINE and Facebook
# open links in a browser of their own, with cookies of its own.
BROWSERS = [
    (" Line/", "LINE"),
    ("FBAV/", "Facebook"),
    ("Instagram", "Instagram"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
]


def browser_and_system(user_agent: str) -> tuple[str, str]:
    """``("Chrome", "Android")`` of a User-Agent header; "" for what it doesn't say.

    Only these two words are kept: enough to know one's own device, too little to follow anybody.
    """
    return _first(BROWSERS, user_agent), _first(SYSTEMS, user_agent)


def _first(names: list[tuple[str, str]], user_agent: str) -> str:
    return next((name for sign, name in names if sign in user_agent), "")
