// truth: SetKeepAlivesEnabled(false) at SIGTERM closes idle connections at once; those that are busy are told to close.
// says: idle connections of old-.* were closed 0\.\d|it closed those that were idle at once
// advice: Leave idle connections open until the endpoint is gone
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
	server := &http.Server{Addr: os.Getenv("HOST") + ":" + os.Getenv("PORT"), Handler: handler}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		server.SetKeepAlivesEnabled(false)
		time.Sleep(1500 * time.Millisecond)
		os.Exit(0)
	}()
	server.ListenAndServe()
}
