package lab_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/models"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

var updateDocuments = flag.Bool("update-documents", false, "write the operations into docs/lab.md")

// serviceTitles are the services in the order of docs/lab.md.
var serviceTitles = []struct{ name, title string }{
	{"sts", "AWS STS"},
	{"sso-oidc", "IAM Identity Center OIDC"},
	{"sso-admin", "IAM Identity Center administration"},
	{"identitystore", "Identity Store"},
	{"iam", "IAM"},
	{"cloudformation", "CloudFormation"},
	{"s3", "Amazon S3"},
	{"s3control", "S3 Control: S3 Access Grants"},
	{"secretsmanager", "Secrets Manager"},
	{"athena", "Athena: work groups"},
	{"cognito-idp", "Cognito user pools"},
}

// TestEveryOperationHasAHandler: what the embedded models describe is served.
func TestEveryOperationHasAHandler(t *testing.T) {
	served := labtest.Start(t, labtest.Edit(silent)).Operations()
	for _, s := range serviceTitles {
		m, err := models.Load(s.name)
		if s.name == "s3" { // has an engine of its own
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for name := range m.Operations {
			if !slices.Contains(served[s.name], name) {
				t.Errorf("%s: nothing serves %s", s.name, name)
			}
		}
		delete(served, s.name)
	}
	delete(served, "s3")
	for name := range served {
		t.Errorf("docs/lab.md does not tell of %s", name)
	}
}

// TestDocumentedPages: docs/lab.md lists the lab's own pages with their methods.
func TestDocumentedPages(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "lab.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string][]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z.]+)` \\| ([A-Z, ]+) \\|").FindAllStringSubmatch(string(text), -1) {
		listed[m[1]] = strings.Split(m[2], ", ")
	}
	if diff := cmp.Diff(lab.Pages(), listed); diff != "" {
		t.Errorf("pages, served and listed:\n%s", diff)
	}
}

// TestDocumentedOperations: docs/lab.md lists what the lab serves.
func TestDocumentedOperations(t *testing.T) {
	served := labtest.Start(t, labtest.Edit(silent)).Operations()
	path := filepath.Join("..", "docs", "lab.md")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- operations -->\n", "<!-- end of operations -->\n"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("docs/lab.md has no place for the operations")
	}
	table, total := "| service | | operations |\n|---|---|---|\n", 0
	for _, s := range serviceTitles {
		names := served[s.name]
		total += len(names)
		table += fmt.Sprintf("| %s | %d | %s |\n", s.title, len(names), strings.Join(names, ", "))
	}
	want := before + begin + table + fmt.Sprintf("\n%d operations in all.\n", total) + end + after
	if *updateDocuments {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(string(text), "\n")); diff != "" {
		t.Errorf("docs/lab.md (go test ./lab -run TestDocumentedOperations -update-documents writes it):\n%s", diff)
	}
}
