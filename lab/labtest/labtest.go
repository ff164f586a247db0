package labtest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/tip-cli/tip-cli/lab"
)

// Keys of the IAM user admin in the default world: the examples of the AWS documentation.
const (
	AdminAccessKeyID     = "AKIAIOSFODNN7EXAMPLE"
	AdminSecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// Start starts a lab that is closed when the test ends. Each edit changes the options first.
func Start(tb testing.TB, edits ...func(*lab.Options)) *lab.Lab {
	tb.Helper()
	var opts lab.Options
	for _, edit := range edits {
		edit(&opts)
	}
	l, err := lab.Start(context.Background(), opts)
	if err != nil {
		tb.Fatalf("start the lab: %v", err)
	}
	tb.Cleanup(func() {
		if err := l.Close(); err != nil {
			tb.Errorf("close the lab: %v", err)
		}
	})
	return l
}

// Edit is an option of [Start] that changes the world.
func Edit(edit func(*lab.World)) func(*lab.Options) {
	return func(o *lab.Options) {
		before := o.Edit
		o.Edit = func(w *lab.World) {
			if before != nil {
				before(w)
			}
			edit(w)
		}
	}
}

// CAFile writes the lab's CA certificate into a file of the test and returns its path.
func CAFile(tb testing.TB, l *lab.Lab) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "tip-lab-ca.pem")
	if err := os.WriteFile(path, l.CA(), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// Config is an SDK configuration that reaches the lab through the proxy door,
// with real host names, and signs with the given credentials; nil for none. Its
// HTTP client is [Steady] over [lab.Lab.HTTPClient].
func Config(l *lab.Lab, provider aws.CredentialsProvider) aws.Config {
	if provider == nil {
		provider = aws.AnonymousCredentials{}
	}
	return aws.Config{Region: l.Region(), HTTPClient: Steady(l.HTTPClient()), Credentials: provider}
}

// Admin are the credentials of the IAM user admin in the default world.
func Admin() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(AdminAccessKeyID, AdminSecretAccessKey, "")
}

// Env is an environment for programs in any language that leads them to the lab by
// one of its doors: that of this process, without what would lead past the lab (its
// AWS credentials, profiles and configuration files included), with the variables of
// [lab.Lab.Environ], and with the given credentials; nil for none.
//
//	cmd := exec.Command("aws", "sts", "get-caller-identity")
//	cmd.Env = labtest.Env(t, l, lab.ProxyDoor, labtest.Admin())
func Env(tb testing.TB, l *lab.Lab, door lab.Door, provider aws.CredentialsProvider) []string {
	tb.Helper()
	nowhere := filepath.Join(tb.TempDir(), "none")
	vars := append(l.Environ(door, CAFile(tb, l)),
		lab.Variable{Name: "AWS_CONFIG_FILE", Value: nowhere}, lab.Variable{Name: "AWS_SHARED_CREDENTIALS_FILE", Value: nowhere})
	for _, name := range []string{
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	} {
		vars = append(vars, lab.Variable{Name: name, Unset: true})
	}
	var c aws.Credentials
	if provider != nil {
		var err error
		if c, err = provider.Retrieve(tb.Context()); err != nil {
			tb.Fatalf("credentials for the environment: %v", err)
		}
	}
	for _, v := range []lab.Variable{
		{Name: "AWS_ACCESS_KEY_ID", Value: c.AccessKeyID}, {Name: "AWS_SECRET_ACCESS_KEY", Value: c.SecretAccessKey},
		{Name: "AWS_SESSION_TOKEN", Value: c.SessionToken}, {Name: "AWS_SECURITY_TOKEN"},
	} {
		v.Unset = v.Value == ""
		vars = append(vars, v)
	}
	return lab.Apply(os.Environ(), vars)
}
