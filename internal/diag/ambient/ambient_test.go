package ambient_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/internal/diag/ambient"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/internal/transport"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// What is ambient or in a profile signs, STS says whose it is, and what does not work is
// told instead of being signed with.
func TestOpen(t *testing.T) {
	l := labtest.Start(t)
	keys, err := l.Administrator(labtest.CenterAccount).Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files := t.TempDir()
	config, credentials := filepath.Join(files, "config"), filepath.Join(files, "credentials")
	write(t, config, "[profile good]\n[profile wrong]\n[profile empty]\n[profile fails]\ncredential_process = false\n"+
		"[profile sso]\nsso_session = s\nsso_account_id = 111122223333\nsso_role_name = reader\n[sso-session s]\nsso_start_url = https://d-1234567890.awsapps.com/start\nsso_region = eu-west-1\n")
	write(t, credentials, fmt.Sprintf("[good]\naws_access_key_id=%s\naws_secret_access_key=%s\naws_session_token=%s\n[wrong]\naws_access_key_id=AKIAIOSFODNN7UNKNOWN\naws_secret_access_key=wrong\n",
		keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken))
	for _, v := range l.Environ(lab.EndpointDoor, "") {
		if !v.Unset {
			t.Setenv(v.Name, v.Value)
		}
	}
	for name, value := range map[string]string{
		"HOME": files, "AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
	} {
		t.Setenv(name, value)
	}
	client, err := transport.New(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ profile, account, reason string }{
		{"good", labtest.CenterAccount, ""},
		{"", "", "no AWS credentials in the environment"},
		{"wrong", "", "not taken: InvalidClientTokenId"},
		{"empty", "", "the AWS profile empty gives no credentials"},
		{"fails", "", "the AWS profile fails gives no credentials"},
		{"missing", "", `there is no AWS profile "missing"`},
		{"sso", "", "nobody is signed in, or no longer: aws sso login --profile sso"},
	} {
		access := ambient.Open(t.Context(), client, tt.profile, l.Region())
		if access.Account != tt.account || (access.Config != nil) != (tt.account != "") || !strings.Contains(access.Reason, tt.reason) || (access.Reason == "") != (tt.reason == "") {
			t.Errorf("%q: account %q, config %t, reason %q", tt.profile, access.Account, access.Config != nil, access.Reason)
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", keys.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", keys.SecretAccessKey)
	t.Setenv("AWS_SESSION_TOKEN", keys.SessionToken)
	if access := ambient.Open(t.Context(), client, "", l.Region()); access.Account != labtest.CenterAccount || access.ARN == "" {
		t.Errorf("ambient credentials: %+v", access)
	}
}

// A service that gives no answer is asked by one read, even where AWS_MAX_ATTEMPTS wants
// no attempt but one; another service is asked nevertheless.
func TestSilence(t *testing.T) {
	l := labtest.Start(t)
	keys, err := l.Administrator(labtest.ApplicationAccount).Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cut, connections := cutter(t)
	for _, v := range l.Environ(lab.EndpointDoor, "") {
		if !v.Unset {
			t.Setenv(v.Name, v.Value)
		}
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY": keys.SecretAccessKey, "AWS_SESSION_TOKEN": keys.SessionToken, "AWS_PROFILE": "",
		"AWS_MAX_ATTEMPTS": "1", "AWS_ENDPOINT_URL_IAM": cut,
	} {
		t.Setenv(name, value)
	}
	client, err := transport.New(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	access := ambient.Open(t.Context(), client, "", l.Region())
	if access.Config == nil {
		t.Fatal(access.Reason)
	}
	for range 4 {
		if _, err := iam.NewFromConfig(*access.Config).ListRoles(t.Context(), &iam.ListRolesInput{}); !refusal.Of("iam:ListRoles", err).Unreachable {
			t.Errorf("no silence: %v", err)
		}
	}
	if n := connections.Load(); n != 2 {
		t.Errorf("%d connections, want the two attempts of one read", n)
	}
	if _, err := sts.NewFromConfig(*access.Config).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Errorf("another service: %v", err)
	}
	t.Setenv("AWS_ENDPOINT_URL_STS", cut)
	if access := ambient.Open(t.Context(), client, "", l.Region()); access.Config != nil || !strings.Contains(access.Reason, "sts:GetCallerIdentity: no answer") {
		t.Errorf("STS gives no answer: %q", access.Reason)
	}
}

// cutter listens and cuts every connection. It counts them.
func cutter(t *testing.T) (address string, connections *atomic.Int32) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	connections = new(atomic.Int32)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_ = conn.Close()
		}
	}()
	return "http://" + listener.Addr().String(), connections
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
