package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every setting by which an SDK would have credentials hides the file.
func TestWhyHidden(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	for content, want := range map[string]string{
		"aws_access_key_id = x": "of its own", "credential_process = x": "of its own", "credential_source = x": "of its own",
		"login_session = x": "of its own", "role_arn = x": "of its own", "sso_account_id = x": "of its own", "sso_role_name = x": "of its own",
		"sso_session = x": "of its own", "sso_start_url = x": "of its own", "web_identity_token_file = x": "of its own",
		"region = x\noutput = json": "", "aws_access_key_id =": "", "[profile x]\nrole_arn = x": "", "region = \x00": "cannot be read",
	} {
		if err := os.WriteFile(path, []byte("[default]\n"+content+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := whyHidden(path); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", content, got, want)
		}
	}
	if got := whyHidden(t.TempDir()); !strings.Contains(got, "cannot be read") {
		t.Errorf("a directory: %q", got)
	}
	if got := whyHidden(filepath.Join(t.TempDir(), "nothing")) + whyHidden(os.DevNull); got != "" {
		t.Error(got)
	}
}

func TestWhyBotoHidden(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "boto.cfg")
	for content, want := range map[string]bool{
		"[Credentials]\naws_access_key_id = x\n": true, "[Boto]\n\n [Credentials] \nAWS_Access_Key_ID: x\n": true,
		"[Credentials]\nkeyring = x\n": false, "[Boto]\naws_access_key_id = x\n": false, "[Credentials]\n[Boto]\naws_access_key_id = x\n": false,
		"[Credentials]\n# aws_access_key_id = x\n": false, "": false,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := whyBotoHidden(path); (got != "") != want {
			t.Errorf("%q: %q", content, got)
		}
	}
	if got := whyBotoHidden(t.TempDir()); got != "" {
		t.Errorf("a directory: %q", got)
	}
}

// The line for a person has every flag that was typed.
func TestLendingWords(t *testing.T) {
	t.Parallel()
	l := lending{s3: "s3://b/", permission: "READ", region: "eu-west-1"}
	if err := l.minTTL.Set("30m"); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(l.words(), " "), "--s3 s3://b/ --permission READ --region eu-west-1 --min-ttl 30m0s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
