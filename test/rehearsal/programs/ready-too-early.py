# truth: It accepts connections, which is all that readiness asks for, and answers 503 for its first two seconds.
# says: which passed readiness and served nothing for up to \d
# advice: give it a path \(--ready-path\)
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

started = time.monotonic()
leaving = False


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        ready = time.monotonic() - started > 2
        self.send_response(200 if ready else 503)
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
    threading.Timer(1.5, lambda: os._exit(0)).start()


signal.signal(signal.SIGTERM, leave)
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer((os.environ['HOST'], int(os.environ['PORT'])), Handler).serve_forever()
