// Command local runs the notebook on this machine, without AWS: it starts a lab and the
// application's login endpoint, runs the program s3-access-grants with the credentials
// of the notebook's role, and shows what CloudTrail would have of it.
//
//	go run ./examples/s3-access-grants/local
//	go run ./examples/s3-access-grants/local -program PATH -- [flags of the program]
//
// Without -program it builds the program first. The exit code is the program's. It runs
// once, leaves nothing behind, and is for development.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/examples/s3-access-grants/loginapi"
	"github.com/tip-cli/tip-cli/lab"
)

// programPackage is what is built without -program.
const programPackage = "github.com/tip-cli/tip-cli/examples/s3-access-grants"

// The session of the notebook's role in the default world, and the user pool's client.
var (
	roleSession = []string{
		"AWS_ACCESS_KEY_ID=ASIAI44QH8DHBEXAMPLE", "AWS_SECRET_ACCESS_KEY=je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
		"AWS_SESSION_TOKEN=IQoJb3JpZ2luX2VjEXAMPLETOKENOFTHENOTEBOOK",
	}
	poolClient = "2example34567890"
)

func main() {
	program := flag.String("program", "", "`path` of the built program s3-access-grants")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *program, flag.Args(), os.Stdout)
	stop()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok && failed.ExitCode() > 0 {
		os.Exit(failed.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "local: error:", err)
		os.Exit(1)
	}
}

// run plays the notebook once.
func run(ctx context.Context, program string, args []string, out io.Writer) error {
	dir, err := os.MkdirTemp("", "s3-access-grants-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // the process ends
	if program == "" {
		if program, err = build(ctx, dir); err != nil {
			return err
		}
	}
	l, err := lab.Start(ctx, lab.Options{})
	if err != nil {
		return err
	}
	defer l.Close() //nolint:errcheck // the process ends
	application, err := serveLogin(ctx, l)
	if err != nil {
		return err
	}
	defer application.Close() //nolint:errcheck // the process ends
	env, err := environ(l, dir, "http://"+application.Addr)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, out, os.Stderr
	err = cmd.Run()
	printTrail(out, l.Events())
	return err
}

// build builds the program, with the environment as it is.
func build(ctx context.Context, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", dir+string(filepath.Separator), programPackage)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("go build %s: %w", programPackage, err)
	}
	built, err := filepath.Glob(filepath.Join(dir, "s3-access-grants*")) // with .exe or without
	if err != nil || len(built) != 1 {
		return "", fmt.Errorf("go build %s left %q", programPackage, built)
	}
	return built[0], nil
}

// serveLogin is the application, at the lab's user pool.
func serveLogin(ctx context.Context, l *lab.Lab) (*http.Server, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	pool := loginapi.Pool{Endpoint: "https://cognito-idp." + l.Region() + ".amazonaws.com", ClientID: poolClient, HTTPClient: l.HTTPClient()}
	server := &http.Server{
		Addr: listener.Addr().String(), Handler: loginapi.New(pool, slog.New(slog.DiscardHandler)), ReadHeaderTimeout: 5 * time.Second,
	}
	go func() { _ = server.Serve(listener) }() // until it is closed
	return server, nil
}

// settings of the program that a person may have in their environment.
var settings = []string{"REGION", "ACCOUNT_ID", "TIP_APP_USER_CREDS", "IDC_APPLICATION_ID", "S3_DATA_ACCESS_ROLE_ARN", "BUCKET_NAME"}

// environ leads the program to the lab's proxy door, as the notebook's role.
func environ(l *lab.Lab, dir, application string) ([]string, error) {
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, l.CA(), 0o600); err != nil {
		return nil, err
	}
	vars := l.Environ(lab.ProxyDoor, ca)
	for _, name := range settings {
		vars = append(vars, lab.Variable{Name: name, Unset: true})
	}
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		vars = append(vars, lab.Variable{Name: name, Value: filepath.Join(dir, "none")})
	}
	return append(lab.Apply(os.Environ(), vars), append(roleSession, "API_ENDPOINT="+application)...), nil
}

// printTrail shows who did what, for whom.
func printTrail(out io.Writer, events []lab.Event) {
	_, _ = fmt.Fprintln(out, "CloudTrail:")
	for i := range events {
		e := &events[i]
		_, who, known := strings.Cut(e.UserIdentity.ARN, "assumed-role/")
		if !known {
			who = "(not signed)"
		}
		line := fmt.Sprintf("   %-18s %s", e.EventName, who)
		if e.ErrorCode != "" {
			line += ", " + e.ErrorCode
		}
		if e.UserIdentity.OnBehalfOf != nil {
			line += ", on behalf of " + e.UserIdentity.OnBehalfOf.UserID
		}
		_, _ = fmt.Fprintln(out, line)
	}
}
