"""The container's health check: whether it answers at all. Whether it is well, /health says."""

import urllib.error
import urllib.request

try:
    urllib.request.urlopen("http://127.0.0.1:8000/health", timeout=4)
except urllib.error.HTTPError:
    pass
