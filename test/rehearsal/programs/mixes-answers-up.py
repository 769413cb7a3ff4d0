# truth: It sends bodies back, and after SIGTERM that of the request before.
# says: answers were damaged \(\d+ of another request\)
# advice: one answer, its own
# load: {"post": 0.5}
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

leaving = False
before = b'{"text":"before"}'


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.answer(b'ok')

    def do_POST(self):
        global before
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.answer(before if leaving else body)
        before = body

    def answer(self, body):
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        if leaving:
            self.send_header('Connection', 'close')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def leave(*_):
    global leaving
    leaving = True
    threading.Timer(1.2, lambda: os._exit(0)).start()


signal.signal(signal.SIGTERM, leave)
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer((os.environ['HOST'], int(os.environ['PORT'])), Handler).serve_forever()
