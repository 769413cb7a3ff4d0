// truth: Shutdown at SIGTERM, as most examples have it: the listener closes before any balancer has heard of it.
// says: connections? (was|were) refused.*the program stopped listening before that
// advice: go on listening for at least \d+s after SIGTERM
// among: findings
// load: {"fresh": 0.7}
// network: {"endpointLagMs": 800}
package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") })
	server := &http.Server{Addr: os.Getenv("HOST") + ":" + os.Getenv("PORT"), Handler: handler}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go server.ListenAndServe()
	<-signals
	server.Shutdown(context.Background())
}
