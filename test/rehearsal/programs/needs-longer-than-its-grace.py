# truth: It says Connection: close from SIGTERM on, and then takes longer to end than its grace period.
# says: SIGKILL ended old-.*It had reacted to SIGTERM, it .*said Connection: close in \d+ of \d+ answers
# advice: Set terminationGracePeriodSeconds to more than it needs
# pod: {"graceMs": 1500}
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

leaving = False


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '2')
        if leaving:
            self.send_header('Connection', 'close')
        self.end_headers()
        self.wfile.write(b'ok')

    def log_message(self, *_):
        pass


def leave(*_):
    global leaving
    leaving = True
    threading.Timer(60, lambda: os._exit(0)).start()


signal.signal(signal.SIGTERM, leave)
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer((os.environ['HOST'], int(os.environ['PORT'])), Handler).serve_forever()
