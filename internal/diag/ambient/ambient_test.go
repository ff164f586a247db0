package ambient_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/diag/ambient"
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
	write(t, config, "[profile good]\n[profile wrong]\n[profile empty]\n[profile fails]\ncredential_process = false\n")
	write(t, credentials, fmt.Sprintf("[good]\naws_access_key_id=%s\naws_secret_access_key=%s\naws_session_token=%s\n[wrong]\naws_access_key_id=AKIAIOSFODNN7UNKNOWN\naws_secret_access_key=wrong\n",
		keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken))
	for _, v := range l.Environ(lab.EndpointDoor, "") {
		if !v.Unset {
			t.Setenv(v.Name, v.Value)
		}
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_EC2_METADATA_DISABLED": "true",
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
		{"missing", "", "missing"},
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

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
