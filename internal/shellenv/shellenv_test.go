package shellenv_test

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/shellenv"
)

var credentials = shellenv.Credentials{
	AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("se/cr+et="), SessionToken: secret.New("to/k+en=="),
	Expiration: time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)), AccountID: "444455556666",
}

// foreign is an environment with everything that an SDK would follow in place of
// what it is handed.
var foreign = []string{
	"PATH=/bin", "AWS_PROFILE=p", "AWS_DEFAULT_PROFILE=p", "AWS_ACCESS_KEY_ID=old", "AWS_SECRET_ACCESS_KEY=old", "AWS_SESSION_TOKEN=old",
	"AWS_SECURITY_TOKEN=old", "AWS_ACCESS_KEY=old", "AWS_SECRET_KEY=old", "AWS_CREDENTIAL_EXPIRATION=old", "AWS_ACCOUNT_ID=old",
	"AWS_WEB_IDENTITY_TOKEN_FILE=/f", "AWS_ROLE_ARN=r", "AWS_ROLE_SESSION_NAME=s", "AWS_CREDENTIAL_FILE=/f",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/r", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://x", "AWS_CONTAINER_AUTHORIZATION_TOKEN=t",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/t", "AWS_BEARER_TOKEN_BEDROCK=b", "AWS_BEARER_TOKEN_OTHER=b", "AWS_BEARER_TOKEN_$(id)=b",
	"AMAZON_ACCESS_KEY_ID=a", "AMAZON_SECRET_ACCESS_KEY=b", "AMAZON_SESSION_TOKEN=c", "AWS_CREDENTIAL_SCOPE=x",
	"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_ENDPOINT_URL=http://localhost:1", "AWS_PROFILE_X=stays", "AWS_CA_BUNDLE=/ca", "LAST=1",
}

func TestChildEnvironment(t *testing.T) {
	t.Parallel()
	keys := []string{
		"AWS_ACCESS_KEY_ID=ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=se/cr+et=", "AWS_SESSION_TOKEN=to/k+en==",
		"AWS_CREDENTIAL_EXPIRATION=2026-01-02T02:04:05Z",
	}
	stays := []string{"PATH=/bin", "AWS_ENDPOINT_URL=http://localhost:1", "AWS_PROFILE_X=stays", "AWS_CA_BUNDLE=/ca", "LAST=1"}
	region := []string{"AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1"}
	withoutAccount := credentials
	withoutAccount.AccountID = ""
	for name, tt := range map[string]struct {
		vars []shellenv.Variable
		want [][]string
	}{
		"keys":            {shellenv.Keys(credentials, "eu-west-1"), [][]string{stays, keys, {"AWS_ACCOUNT_ID=444455556666"}, region}},
		"without account": {shellenv.Keys(withoutAccount, "eu-west-1"), [][]string{stays, keys, region}},
		"without region": {
			shellenv.Keys(withoutAccount, ""),
			[][]string{stays[:1], {"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1"}, stays[1:], keys},
		},
		"endpoint": {
			shellenv.Endpoint("http://127.0.0.1:1/x", secret.New("t0ken"), "eu-west-1"),
			[][]string{stays, {"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/x", "AWS_CONTAINER_AUTHORIZATION_TOKEN=t0ken"}, region},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for _, part := range tt.want {
				want = append(want, part...)
			}
			got := shellenv.Apply(foreign, append(tt.vars, shellenv.Bearers(foreign)...))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Windows has no case in the names of variables; everything else has.
func TestApplyAndCase(t *testing.T) {
	t.Parallel()
	vars := []shellenv.Variable{{Name: "AWS_REGION", Value: secret.New("eu-west-1")}, {Name: "AWS_PROFILE", Unset: true}}
	got := shellenv.Apply([]string{"Aws_Region=x", "aws_profile=x", "=C:=C:\\"}, vars)
	want := []string{"Aws_Region=x", "aws_profile=x", "=C:=C:\\", "AWS_REGION=eu-west-1"}
	if runtime.GOOS == "windows" {
		want = []string{"=C:=C:\\", "AWS_REGION=eu-west-1"}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRemoval(t *testing.T) {
	t.Parallel()
	want := []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID"}
	for mark, regions := range map[string][]string{
		"": nil, "PATH": {"TIP_CLI_ENV_REGIONS"},
		"AWS_REGION":                    {"AWS_REGION", "TIP_CLI_ENV_REGIONS"},
		"AWS_REGION AWS_DEFAULT_REGION": {"AWS_REGION", "AWS_DEFAULT_REGION", "TIP_CLI_ENV_REGIONS"},
	} {
		var gone []string
		for _, v := range shellenv.Removal(func(name string) string { return map[string]string{shellenv.RegionsVariable: mark}[name] }) {
			if !v.Unset {
				t.Errorf("%s is set", v.Name)
			}
			gone = append(gone, v.Name)
		}
		if diff := cmp.Diff(slices.Concat(want, regions), gone); diff != "" {
			t.Errorf("%q (-want +got):\n%s", mark, diff)
		}
	}
}

// A region is ours where the shell had another one, or where we have set it before.
func TestMarked(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		environ map[string]string
		want    string
	}{
		"none":         {nil, "AWS_REGION AWS_DEFAULT_REGION"},
		"another":      {map[string]string{"AWS_REGION": "us-east-1"}, "AWS_REGION AWS_DEFAULT_REGION"},
		"the shell's":  {map[string]string{"AWS_REGION": "eu-west-1"}, "AWS_DEFAULT_REGION"},
		"ours":         {map[string]string{"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "TIP_CLI_ENV_REGIONS": "AWS_REGION"}, "AWS_REGION"},
		"both of them": {map[string]string{"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}, ""},
	} {
		vars := shellenv.Marked(shellenv.Keys(credentials, "eu-west-1"), func(name string) string { return tt.environ[name] })
		got := vars[len(vars)-1]
		if got.Name != "TIP_CLI_ENV_REGIONS" || got.Value.Reveal() != tt.want || got.Unset != (tt.want == "") {
			t.Errorf("%s: %s is %q, removed %v, want %q", name, got.Name, got.Value.Reveal(), got.Unset, tt.want)
		}
	}
}
