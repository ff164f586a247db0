// Command loginserver is the login endpoint of an application whose users are in a
// Cognito user pool. The package loginapi says what it answers.
//
//	loginserver -addr 127.0.0.1:8070
//
// It speaks HTTP and listens on loopback; in front of it belongs what ends TLS. The
// secret of a confidential client is in COGNITO_CLIENT_SECRET.
package main

import (
	"cmp"
	"context"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/tip-cli/tip-cli/examples/s3-access-grants/loginapi"
)

// Time limits.
const (
	requestTime  = 10 * time.Second // to read a request
	poolTime     = 10 * time.Second // for the user pool to answer
	shutdownTime = 5 * time.Second
)

func main() {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, log)
	stop()
	if err != nil {
		log.Error("ended", "error", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, log *slog.Logger) error {
	addr := flag.String("addr", "127.0.0.1:8070", "`address` to listen on")
	region := flag.String("region", cmp.Or(os.Getenv("REGION"), "eu-west-1"), "`region` of the user pool ($REGION)")
	clientID := flag.String("client-id", cmp.Or(os.Getenv("COGNITO_CLIENT_ID"), "2example34567890"), "app `client` of the user pool ($COGNITO_CLIENT_ID)")
	endpoint := flag.String("endpoint", os.Getenv("COGNITO_ENDPOINT"), "`URL` of Cognito's API ($COGNITO_ENDPOINT; default that of the region)")
	flag.Parse()
	client, err := newClient(ctx)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *addr)
	if err != nil {
		return err
	}
	pool := loginapi.Pool{
		Endpoint: strings.TrimRight(cmp.Or(*endpoint, "https://cognito-idp."+*region+".amazonaws.com"), "/"),
		ClientID: *clientID, ClientSecret: os.Getenv("COGNITO_CLIENT_SECRET"), HTTPClient: client,
	}
	log.InfoContext(ctx, "listening", "address", listener.Addr().String())
	return serve(ctx, listener, loginapi.New(pool, log))
}

// newClient honours proxies and AWS_CA_BUNDLE as the SDK does; nothing is signed.
func newClient(ctx context.Context) (*http.Client, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		Timeout:       poolTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if built, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		client.Transport = built.GetTransport()
	}
	return client, nil
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, MaxHeaderBytes: 16 << 10,
		ReadTimeout: requestTime, WriteTimeout: requestTime + poolTime, IdleTimeout: time.Minute,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	return server.Shutdown(ctx)
}
