package lab_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/assumptions"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

func documentation(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "world.md"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The example of docs/world.md is a whole world, in which the exchange works.
func TestDocumentedWorld(t *testing.T) {
	m := regexp.MustCompile("(?s)<!-- example -->\n```yaml\n(.*?)```").FindSubmatch(documentation(t))
	if m == nil {
		t.Fatal("docs/world.md has no example")
	}
	l := labtest.Start(t, func(o *lab.Options) { o.World = m[1] })
	b := &bench{TB: t, lab: l, clock: &labtest.Clock{}, client: l.HTTPClient(), door: l.Endpoint()}
	b.send = b.client
	t.Cleanup(b.client.CloseIdleConnections)
	token, err := l.IssueIDToken("mine", "reader", "my-client")
	if err != nil {
		t.Fatal(err)
	}
	web, err := b.webIdentity(roleIn(center, "bootstrap"), token)
	if err != nil {
		t.Fatal(err)
	}
	created, err := b.createToken(static(web.Credentials), asserting(token), func(in *ssooidc.CreateTokenWithIAMInput) {
		in.ClientId = aws.String("arn:aws:sso::111122223333:application/ssoins-1111111111111111/apl-1111111111111111")
	})
	if err != nil {
		t.Fatal(err)
	}
	person, err := b.assume(static(web.Credentials), roleIn(center, "people"), providing(*created.AwsAdditionalDetails.IdentityContext))
	if err != nil {
		t.Fatal(err)
	}
	b.door = "" // the account's host name needs the proxy door
	out, err := b.dataAccess(static(person.Credentials), "s3://my-bucket/open/*", "READ", func(in *s3control.GetDataAccessInput) { in.AccountId = aws.String(center) })
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	objects := b.s3(credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken))
	for key, want := range map[string]string{"open/hello.txt": "", "closed/secret.txt": "AccessDenied"} {
		_, err := objects.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("my-bucket"), Key: &key})
		if got := answerOf(err).Code; got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

func TestEverySwitchIsDocumented(t *testing.T) {
	text := documentation(t)
	for _, a := range assumptions.All() {
		if !bytes.Contains(text, []byte("`"+a.Switch+"`")) {
			t.Errorf("docs/world.md does not name the switch %s", a.Switch)
		}
	}
}

func TestEnviron(t *testing.T) {
	b := start(t, silent)
	ca := labtest.CAFile(t, b.lab)
	before := []string{"PATH=/bin", "AWS_PROFILE=x", "HTTPS_PROXY=http://elsewhere", "NO_PROXY=*", "AWS_ENDPOINT_URL_STS=http://elsewhere", "http_proxy=http://elsewhere"}
	for door, want := range map[lab.Door][]string{
		lab.ProxyDoor: {"PATH=/bin", "HTTPS_PROXY=" + b.lab.Endpoint(), "https_proxy=" + b.lab.Endpoint(), "AWS_CA_BUNDLE=" + ca, "SSL_CERT_FILE=" + ca,
			"NO_PROXY=localhost,127.0.0.1,::1", "no_proxy=localhost,127.0.0.1,::1", "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_EC2_METADATA_DISABLED=true"},
		lab.EndpointDoor: {"PATH=/bin", "AWS_ENDPOINT_URL=" + b.lab.Endpoint(), "NO_PROXY=localhost,127.0.0.1,::1", "AWS_REGION=eu-west-1"},
	} {
		t.Run(string(door), func(t *testing.T) {
			after := lab.Apply(before, b.lab.Environ(door, ca))
			for _, entry := range want {
				if !slices.Contains(after, entry) {
					t.Errorf("%s is missing", entry)
				}
			}
			for _, entry := range after {
				if strings.Contains(entry, "elsewhere") || strings.HasPrefix(entry, "AWS_PROFILE=") || entry == "NO_PROXY=*" {
					t.Errorf("%s is left", entry)
				}
			}
			if door == lab.EndpointDoor && slices.ContainsFunc(after, func(e string) bool { return strings.HasPrefix(e, "HTTPS_PROXY=") }) {
				t.Error("the endpoint door leaves a proxy")
			}
		})
	}
}

// In China the hosts end in .cn and the ARNs begin with arn:aws-cn, and nothing else is answered for.
func TestAnotherPartition(t *testing.T) {
	b := start(t, silent, func(w *lab.World) {
		*w = lab.World{Version: 1, Partition: "aws-cn", Region: "cn-north-1", Accounts: w.Accounts[1:]}
		w.Accounts[0].Roles, w.Accounts[0].OIDCProviders = nil, nil
	})
	config := b.config(labtest.Admin())
	b.send = nil
	who, err := b.with(config).sts(labtest.Admin()).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if *who.Arn != "arn:aws-cn:iam::444455556666:user/admin" {
		t.Errorf("ARN %s", *who.Arn)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://sts.eu-west-1.amazonaws.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := b.client.Do(req); err == nil {
		_ = resp.Body.Close()
		t.Errorf("a host of another partition answered %d", resp.StatusCode)
	}
}

// The accounts that docs/lab.md asks credentials for are in the default world.
func TestAccountsOfTheGuide(t *testing.T) {
	text, err := os.ReadFile("../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`--account ([0-9]+)`).FindAllStringSubmatch(string(text), -1)
	if len(named) == 0 {
		t.Fatal("docs/lab.md names no account")
	}
	for _, m := range named {
		if !strings.Contains(string(lab.DefaultWorld()), `id: "`+m[1]+`"`) {
			t.Errorf("the default world has no account %s", m[1])
		}
	}
}
