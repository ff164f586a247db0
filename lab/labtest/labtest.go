// Package labtest starts a lab for a test and gives the test clients for it.
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
// with real host names, and signs with the given credentials; nil for none.
func Config(l *lab.Lab, provider aws.CredentialsProvider) aws.Config {
	if provider == nil {
		provider = aws.AnonymousCredentials{}
	}
	return aws.Config{Region: l.Region(), HTTPClient: l.HTTPClient(), Credentials: provider}
}

// Admin are the credentials of the IAM user admin in the default world.
func Admin() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(AdminAccessKeyID, AdminSecretAccessKey, "")
}
