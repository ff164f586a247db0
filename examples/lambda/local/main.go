// Command local runs a Lambda function on this machine behind what stands for an API
// Gateway HTTP API: it makes an event of every GET (payload format 2.0), and answers
// with what the function makes of it.
//
//	go run ./examples/lambda/local ./bootstrap
//
// It has one execution environment, so that requests come one after the other. It has
// no authorizer, does not end a function that takes too long, and is for development.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tip-cli/tip-cli/examples/lambda/runtimeapi"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8081", "address to listen on")
	timeout := flag.Duration("timeout", 10*time.Second, "time that an invocation has")
	flag.Parse()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *timeout, flag.Arg(0), log); err != nil {
		log.Error("ended", "error", err)
		os.Exit(1) //nolint:gocritic // main ends the process; nothing is left to stop
	}
}

// run serves until ctx ends or the function does.
func run(ctx context.Context, addr string, timeout time.Duration, program string, log *slog.Logger) error {
	if program == "" {
		return errors.New("name the function: local ./bootstrap")
	}
	lambda := runtimeapi.New()
	api, err := listen(ctx, "127.0.0.1:0", lambda)
	if err != nil {
		return err
	}
	defer api.Close() //nolint:errcheck // the process ends
	gateway, err := listen(ctx, addr, &gateway{lambda, timeout, log})
	if err != nil {
		return err
	}
	defer gateway.Close() //nolint:errcheck // the process ends
	log.InfoContext(ctx, "listening", "address", gateway.Addr)

	function := exec.CommandContext(ctx, program)
	function.Stdout, function.Stderr = os.Stdout, os.Stderr
	function.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+api.Addr, "AWS_LAMBDA_FUNCTION_NAME=link",
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=256")
	if err := function.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	return nil
}

func listen(ctx context.Context, addr string, handler http.Handler) (*http.Server, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	server := &http.Server{Addr: listener.Addr().String(), Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // until it is closed
	return server, nil
}

// gateway is the HTTP API.
type gateway struct {
	lambda  *runtimeapi.Server
	timeout time.Duration
	log     *slog.Logger
}

// ServeHTTP implements [http.Handler].
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	response, err := g.invoke(r)
	if err != nil { // as the gateway says it
		g.log.WarnContext(r.Context(), "the function failed", "error", err)
		http.Error(w, `{"message":"Internal Server Error"}`, http.StatusInternalServerError)
		return
	}
	for name, value := range response.Headers {
		w.Header().Set(name, value)
	}
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write([]byte(response.Body))
}

func (g *gateway) invoke(r *http.Request) (*events.APIGatewayV2HTTPResponse, error) {
	payload, err := json.Marshal(event(r))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), g.timeout)
	defer cancel()
	answer, err := g.lambda.Invoke(ctx, payload, g.timeout)
	if err != nil {
		return nil, err
	}
	if answer.Failed {
		return nil, fmt.Errorf("function error: %s", answer.Body)
	}
	var response events.APIGatewayV2HTTPResponse
	return &response, json.Unmarshal(answer.Body, &response)
}

// event is a request as the gateway hands it on.
func event(r *http.Request) *events.APIGatewayV2HTTPRequest {
	e := &events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: r.Method + " " + r.URL.Path, RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery, Headers: map[string]string{},
	}
	for name, values := range r.Header {
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	e.RequestContext = events.APIGatewayV2HTTPRequestContext{
		RouteKey: e.RouteKey, Stage: "$default", TimeEpoch: time.Now().UnixMilli(),
		HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
			Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: host, UserAgent: r.UserAgent(),
		},
	}
	return e
}
