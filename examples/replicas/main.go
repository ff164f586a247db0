// Command replicas is an HTTP API as it runs several times behind a load balancer. It
// calls AWS as the person who asks:
//
//	GET /whoami                          who AWS says the caller is
//	GET /objects?prefix=s3://bucket/dir/ what S3 Access Grants lets the caller list
//	GET /healthz                         for the load balancer, without a token
//
// IAM Identity Center takes a JWT once, and the load balancer hands the requests of a
// user to any replica. So the replicas share the exchanges by a Redis, sealed; without
// it each of them exchanges for itself.
//
// It is safe for concurrent use, as a server must be. It signs nobody in, holds no
// sessions of its own, and asks S3 Access Grants anew for each listing.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	level := new(slog.LevelVar)
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	if err := run(ctx, log, level); err != nil {
		log.Error("ended", "error", err)
		os.Exit(1) //nolint:gocritic // main ends the process; nothing is left to stop
	}
}

func run(ctx context.Context, log *slog.Logger, level *slog.LevelVar) error {
	set, err := readSettings(os.Args[1:], os.Getenv)
	if err != nil {
		return err
	}
	if set.verbose {
		level.Set(slog.LevelDebug)
	}
	s, err := newService(ctx, set, log)
	if err != nil {
		return err
	}
	defer s.close()
	return serve(ctx, set, s, log)
}
