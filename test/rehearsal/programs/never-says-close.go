// truth: It serves on after SIGTERM, never says Connection: close, and ends with all of its clients still there.
// says: [Oo]f \d+ answers on kept connections (since then, 0 had said|after SIGTERM, 0 said) Connection: close
// advice: Say Connection: close in every answer from SIGTERM on|Without it, keep-alive clients stay
// load: {"fresh": 0}
package main

import (
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go http.ListenAndServe(os.Getenv("HOST")+":"+os.Getenv("PORT"), handler)
	<-signals
	time.Sleep(1500 * time.Millisecond)
}
