package cli_test

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/cli"
)

func topic(t *testing.T, name string) cli.Topic {
	t.Helper()
	all := cli.Topics()
	i := slices.IndexFunc(all, func(topic cli.Topic) bool { return topic.Name == name })
	if i < 0 {
		t.Fatalf("no topic %s", name)
	}
	return all[i]
}

// written are variables that occur in the client and are not read by it.
var written = []string{
	// given to children and read by AWS tools
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CREDENTIAL_FILE", "AWS_ACCESS_KEY", "AWS_SECRET_KEY",
	"AWS_BEARER_TOKEN_BEDROCK", "AWS_CREDENTIAL_SCOPE",
}

// bySDK are variables that the AWS SDK and cobra read for us.
var bySDK = []string{
	"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_S3_CONTROL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_IDENTITYSTORE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
	"AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS", "AWS_DEFAULTS_MODE", "AWS_SDK_UA_APP_ID",
	"TIP_CLI_COMPLETION_DESCRIPTIONS",
}

// variable is the name of an environment variable that is anybody's guess: two words at least.
var variable = regexp.MustCompile(`\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b`)

// TestEnvironmentIsComplete: the topic has every variable that the client reads, and
// no other.
func TestEnvironmentIsComplete(t *testing.T) {
	read := variablesRead(t)
	if len(read) < 20 {
		t.Fatalf("only %d variables found: %v", len(read), read)
	}
	var listed []string
	text := ""
	for _, e := range topic(t, "environment").Entries {
		listed = append(listed, strings.Split(e.Name, ", ")...)
		text += e.Name + " " + e.Text + "\n"
	}
	for name, place := range read {
		if !strings.Contains(text, strings.ToUpper(name)) && !strings.Contains(text, name) {
			t.Errorf("%s, which is read in %s, is not in the topic", name, place)
		}
	}
	for _, name := range listed {
		if _, is := read[name]; !is && !slices.Contains(bySDK, name) {
			t.Errorf("%s is in the topic and nobody reads it", name)
		}
	}
}

// variablesRead are the environment variables in the client's sources, with a place:
// what stands in a call that looks into the environment, the constants that are
// called a variable, and what looks like one of AWS or of ours.
func variablesRead(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	note := func(place string, n ast.Expr, ours bool) {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		name, err := strconv.Unquote(lit.Value)
		if err != nil || strings.ContainsAny(name, " .:/%=-") || name == "" || slices.Contains(written, name) {
			return
		}
		if ours || variable.FindString(name) == name && (strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "TIP_CLI_")) {
			found[name] = place
		}
	}
	for _, path := range clientSources(t) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				for _, arg := range n.Args {
					note(path, arg, readsEnvironment(n.Fun))
				}
			case *ast.ValueSpec:
				for i, value := range n.Values {
					note(path, value, strings.HasSuffix(n.Names[i].Name, "Variable"))
				}
			case ast.Expr:
				note(path, n, false)
			}
			return true
		})
	}
	delete(found, "TERM") // told of with NO_COLOR
	return found
}

// readsEnvironment knows the names of what takes names of variables.
func readsEnvironment(fun ast.Expr) bool {
	name := ""
	switch f := fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "os" && f.Sel.Name == "Setenv" {
			return false
		}
		name = f.Sel.Name
	}
	return slices.Contains([]string{"Getenv", "getenv", "LookupEnv", "either", "set"}, name)
}

func clientSources(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, root := range []string{"..", "../../tipcreds", "../../s3agcreds", "../../cmd/tip-cli"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			test := strings.HasSuffix(path, "_test.go") || filepath.Base(path) == "topics.go" || strings.HasSuffix(filepath.Dir(path), "test")
			if err == nil && strings.HasSuffix(path, ".go") && !test {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

// TestEndpointsAreComplete: the topic has the endpoint of every service of AWS that
// the client has a client for.
func TestEndpointsAreComplete(t *testing.T) {
	names := map[string]string{"sts": "STS", "ssooidc": "SSO_OIDC", "s3control": "S3_CONTROL", "s3": "S3", "identitystore": "IDENTITYSTORE",
		"ssoadmin": "SSO_ADMIN", "iam": "IAM", "athena": "ATHENA"}
	text := ""
	for _, e := range topic(t, "environment").Entries {
		text += e.Name + ", "
	}
	found := 0
	for _, path := range clientSources(t) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			service, is := strings.CutPrefix(imported, "github.com/aws/aws-sdk-go-v2/service/")
			if !is || strings.Contains(service, "/") {
				continue
			}
			found++
			if names[service] == "" || !strings.Contains(text, "AWS_ENDPOINT_URL_"+names[service]+", ") {
				t.Errorf("%s: the endpoint of %s is not in the topic", path, service)
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d imports of services found", found)
	}
}

// TestExitCodesAreComplete: the topic has every exit code there is, those of package
// childproc included.
func TestExitCodesAreComplete(t *testing.T) {
	want := exitCodesIn(t, "exitcode.go", "Exit")
	if foreign := exitCodesIn(t, "../childproc/childproc.go", ""); len(foreign) != 2 {
		t.Errorf("package childproc has %v", foreign)
	} else {
		want = append(want, foreign...)
	}
	var got []string
	for _, e := range topic(t, "exit-codes").Entries {
		got = append(got, e.Name)
	}
	slices.SortFunc(want, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	if !slices.Equal(want, got) || len(got) < 10 {
		t.Errorf("the topic has %v, the program %v", got, want)
	}
}

// exitCodesIn are the numbers among the constants of a file whose names begin so.
func exitCodesIn(t *testing.T, path, prefix string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, prefix) && len(spec.Values) == 1 {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.INT {
				codes = append(codes, lit.Value)
			}
		}
		return true
	})
	return codes
}

// TestFilesAreComplete: the topic has every file that the store names.
func TestFilesAreComplete(t *testing.T) {
	var listed []string
	for _, e := range topic(t, "files").Entries {
		listed = append(listed, e.Name)
	}
	names := 0
	note := func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasSuffix(spec.Names[0].Name, "File") && len(spec.Values) == 1 {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
				name, _ := strconv.Unquote(lit.Value)
				names++
				if !slices.Contains(listed, name) {
					t.Errorf("%s is not in the topic", name)
				}
			}
		}
		return true
	}
	for _, source := range []string{"store", "keyrecord"} {
		file, err := parser.ParseFile(token.NewFileSet(), "../store/"+source+".go", nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, note)
	}
	if names < 11 {
		t.Errorf("only %d files found", names)
	}
}
