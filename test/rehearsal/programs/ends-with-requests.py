# truth: It ends half a second after SIGTERM, whether or not it has answered what it has accepted.
# says: had been accepted got no answer: after up to .* the process ended
# advice: wait for what is in flight
# load: {"slow": 0.3, "slowMs": 1500}
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

leaving = False


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        if self.path.startswith('/slow'):
            time.sleep(int(self.path.split('=')[1]) / 1000)
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
    threading.Timer(0.5, lambda: os._exit(0)).start()


signal.signal(signal.SIGTERM, leave)
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer((os.environ['HOST'], int(os.environ['PORT'])), Handler).serve_forever()
