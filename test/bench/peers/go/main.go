// net/http of Go, and httputil.ReverseProxy in front of $TARGET: nothing but the standard library.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

var startedAt = time.Now()

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", hello)
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/slow", slow)
	mux.HandleFunc("/fail", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "it fails", http.StatusInternalServerError)
	})
	if target := os.Getenv("TARGET"); target != "" {
		mux.Handle("/target", proxyTo(target))
		mux.Handle("/target/", proxyTo(target))
	}

	server := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Handler: mux}
	signalled, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	closed := make(chan struct{})
	go func() {
		<-signalled.Done()
		server.Shutdown(context.Background())
		close(closed)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	<-closed
}

func hello(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	pod, _ := os.Hostname()
	answer(w, map[string]any{
		"service": "peer", "version": "0.1.0", "pod": pod, "uptimeSeconds": int(time.Since(startedAt).Seconds()),
	})
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var value any
	if err != nil || json.Unmarshal(body, &value) != nil {
		http.Error(w, "this is not JSON", http.StatusBadRequest)
		return
	}
	answer(w, value)
}

func slow(w http.ResponseWriter, r *http.Request) {
	ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
	time.Sleep(time.Duration(ms) * time.Millisecond)
	answer(w, map[string]any{"status": "ok", "ms": ms})
}

func answer(w http.ResponseWriter, value any) {
	body, _ := json.Marshal(value)
	w.Header().Set("Content-Type", "application/json")
	w.Write(body)
}

func proxyTo(target string) http.Handler {
	to, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	// The default keeps 2 idle connections to a host, and makes a new one for most requests.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 256
	transport.MaxIdleConns = 256
	proxy.Transport = transport
	return proxy
}
