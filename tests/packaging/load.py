"""Keeps asking through the gateway until a file appears, and prints how many requests were not answered as before.

usage: load.py PORT STOP-FILE RESULT-FILE CLIENTS

Each client keeps its connection to the gateway alive, as browsers and portals do, and goes through these requests in turn:
the first page, a static file, a card without a ticket, and an event that a portal would post. What is answered to the
first round, before anything happens to the service, is what has to be answered for ever.
"""

import http.client
import re
import ssl
import sys
import threading
import time
from pathlib import Path

PORT, STOP, RESULT, CLIENTS = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
REQUESTS = [
    ("GET", "/bitrix/", None, {}),
    ("GET", "/bitrix/call/stream?ticket=none", None, {}),
    ("POST", "/bitrix/events", "event=ONTEST&auth%5Bapplication_token%5D=none", FORM),
]
TLS = ssl.create_default_context()
TLS.check_hostname = False
TLS.verify_mode = ssl.CERT_NONE

lock = threading.Lock()
expected, lost, times = {}, [], []


def ask(connection, request):
    method, path, body, headers = request
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def connect():
    return http.client.HTTPSConnection("127.0.0.1", PORT, context=TLS, timeout=20)


def client(number):
    connection, turn = None, number
    while not STOP.exists():
        request = REQUESTS[turn % len(REQUESTS)]
        turn += 1
        began = time.monotonic()
        try:
            connection = connection or connect()
            got = ask(connection, request)
        except (OSError, http.client.HTTPException) as error:
            got, connection = repr(error), None
        took = time.monotonic() - began
        with lock:
            times.append(took)
            if got != expected[request[1]]:
                lost.append(f"{request[0]} {request[1]}: {got} instead of {expected[request[1]]}")
        time.sleep(0.005)


first = connect()
first.request("GET", "/bitrix/")
page = first.getresponse().read().decode()
style = re.search(r'static/[^"]*\.css', page)
REQUESTS.append(("GET", "/bitrix/" + style.group(), None, {}))
for request in REQUESTS:
    expected[request[1]] = ask(first, request)
    if expected[request[1]] >= 500:
        sys.exit(f"{request[1]} is answered {expected[request[1]]} from the beginning")
threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for line in lost[:10]:
    print(line)
RESULT.write_text(f"{len(lost)} {len(times)} {max(times) * 1000:.0f}\n")
