package page_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/page"
)

var about = page.About{
	Version: "v1.2.3", Context: "default", Made: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
	Asked: []page.Asked{{"Application", "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"}, {"Services", "s3"}, {"Target", ""}},
}

// broken is a world with something of everything.
func broken() *finding.Report {
	r := &finding.Report{}
	add := func(s finding.Section, status finding.Status, id, title, seen string, rest ...finding.Result) {
		one := finding.Result{ID: id, Check: id, Section: s, Status: status, Title: title, Seen: seen, Why: "Without it nothing works."}
		for _, more := range rest {
			one.Culprit, one.Fixes, one.Missing = more.Culprit, more.Fixes, more.Missing
		}
		r.Results = append(r.Results, one)
	}
	add(finding.Local, finding.OK, "local.configuration", "configuration", "complete, in the context default")
	add(finding.Local, finding.OK, "local.permissions", "permissions of the state", "nobody else can read it")
	add(finding.Local, finding.Skipped, "local.proxy", "proxy", "none is configured")
	add(finding.IdP, finding.OK, "idp.discovery", "discovery document", "https://dev-123456789.okta.com/oauth2/default/.well-known/openid-configuration")
	add(finding.Token, finding.Warn, "token.no-jti", "the token has no jti", "claims: aud, exp, iat, iss, sub", finding.Result{
		Culprit: "idp_token.json", Fixes: []finding.Fix{{Who: finding.IdPAdmin, Does: "have the provider put a jti into ID tokens", Console: "Applications > tip > Token claims"}},
	})
	add(finding.IAM, finding.OK, "iam.trust", "trust policy of the application role", "it takes the token's own claims")
	add(finding.Center, finding.Fail, "center.not-assigned", "the user is not assigned to the application", "analyst@example.com (9067642ac7-11111111-2222-3333-4444-555555555555) is assigned neither directly nor by one of 3 groups", finding.Result{
		Culprit: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		Fixes: []finding.Fix{{Who: finding.CenterAdmin, Does: "assign the user to the application", Command: "aws sso-admin create-application-assignment --application-arn arn:aws:sso::111122223333:application/" +
			"ssoins-1234567890abcdef/apl-1234567890abcdef --principal-type USER --principal-id 9067642ac7-11111111-2222-3333-4444-555555555555 --region eu-west-1 --profile center"},
			{Who: finding.You, Does: "ask for a group that is assigned", Command: "tip-cli diag --profile center"}},
	})
	add(finding.Center, finding.OK, "center.application", "application", "enabled")
	add(finding.Live, finding.Skipped, "live.exchange", "live exchange", "not asked for: --live")
	add(finding.AccessGrants, finding.Unknown, "grants.instance.unread", "S3 Access Grants instance", "s3:GetAccessGrantsInstance is not allowed", finding.Result{Missing: []string{"s3:GetAccessGrantsInstance", "s3:ListAccessGrants"}})
	add(finding.Athena, finding.Skipped, "athena.workgroup", "work group", "no --workgroup was given")
	add(finding.Regions, finding.OK, "regions.center", "region of Identity Center", "eu-west-1, as configured")
	return r
}

func healthy() *finding.Report {
	r := broken()
	for i := range r.Results {
		one := &r.Results[i]
		if one.Status != finding.Skipped {
			one.Status = finding.OK
		}
		one.Culprit, one.Fixes, one.Missing = "", nil, nil
	}
	return r
}

func write(t *testing.T, r *finding.Report, a page.About) string {
	t.Helper()
	var b strings.Builder
	if err := page.Write(&b, r, a); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestSamples keeps sample pages where PAGE_SAMPLES names a folder, for whoever wants to
// look at them.
func TestSamples(t *testing.T) {
	dir := os.Getenv("PAGE_SAMPLES")
	if dir == "" {
		t.Skip("PAGE_SAMPLES is not set")
	}
	for name, r := range map[string]*finding.Report{"broken": broken(), "healthy": healthy(), "empty": {}, "hostile": hostile()} {
		if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(write(t, r, about)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// hostile has what tries to break out in every field.
func hostile() *finding.Report {
	const evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\u202etxt\u200f\x1b[31m%s%!d</pre></code></style>"
	r := broken()
	for i := range r.Results {
		one := &r.Results[i]
		one.ID, one.Check, one.Title, one.Seen, one.Why, one.Culprit = evil, evil, evil, evil, evil, evil
		one.Missing = []string{evil}
		one.Fixes = []finding.Fix{{Who: finding.Who(evil), Does: evil, Command: evil + "\n" + evil, Console: evil}}
	}
	r.Results = append(r.Results, finding.Result{Section: finding.Local, Status: finding.Status(evil), Title: strings.Repeat("w", 5000)})
	return r
}

// elements parses a page and returns its elements in order, and the ids in it.
func elements(t *testing.T, text string) (all []*html.Node, ids map[string]int) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	ids = map[string]int{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		all = append(all, n)
		if id := attr(n, "id"); id != "" {
			ids[id]++
		}
	}
	return all, ids
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// allowed are the elements that a page consists of.
const allowed = " html head meta title style body header main footer nav section h1 h2 h3 p a ol ul li dl div dt dd time svg symbol use path circle details summary span strong code pre br "

func TestPagesAreWhole(t *testing.T) {
	for name, r := range map[string]*finding.Report{"broken": broken(), "healthy": healthy(), "empty": {}, "hostile": hostile()} {
		text := write(t, r, about)
		all, ids := elements(t, text)
		for _, n := range all {
			if !strings.Contains(allowed, " "+n.Data+" ") {
				t.Errorf("%s: there is an element %s", name, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || strings.Contains(a.Val, "javascript:") {
					t.Errorf("%s: %s has %s=%q", name, n.Data, a.Key, a.Val)
				}
				if a.Key == "href" && (!strings.HasPrefix(a.Val, "#") || name != "empty" && ids[a.Val[1:]] != 1 && r.Of(finding.Section(a.Val[1:])) != nil) {
					t.Errorf("%s: %s leads to %q, of which there are %d", name, n.Data, a.Val, ids[strings.TrimPrefix(a.Val, "#")])
				}
			}
		}
		for id, n := range ids {
			if n != 1 {
				t.Errorf("%s: the id %s is there %d times", name, id, n)
			}
		}
		if strings.Contains(text, "<script") || strings.Contains(text, "http://") || strings.ContainsAny(text, "\u202e\u200f\x1b") || strings.Contains(text, "%!") && name != "hostile" {
			t.Errorf("%s: something came through", name)
		}
	}
}

func TestPolicyFitsTheStyle(t *testing.T) {
	text := write(t, broken(), about)
	_, rest, _ := strings.Cut(text, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	if want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(text, want) {
		t.Errorf("the policy is not %s", want)
	}
}

func TestContent(t *testing.T) {
	text := write(t, broken(), about)
	for _, want := range []string{
		"<h1>1 link of the chain is broken</h1>", `<time datetime="2026-11-22T12:00:00Z">`, "v1.2.3", "<dt>Application</dt>", "center.not-assigned",
		"--principal-id 9067642ac7-11111111-2222-3333-4444-555555555555 --region eu-west-1 --profile center</code></pre>",
		"s3:GetAccessGrantsInstance, s3:ListAccessGrants", "In the console: Applications &gt; tip &gt; Token claims", "not asked for: --live", `href="#first"`,
		`<li class="fail"><a href="#center">`, "Identity Center administrator",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(text, "<dt>Target</dt>") {
		t.Error("what was not asked is shown")
	}
	for name, want := range map[string]struct {
		r    *finding.Report
		text string
	}{"healthy": {healthy(), "The chain holds"}, "empty": {&finding.Report{}, "Nothing was looked at"}} {
		if text := write(t, want.r, about); !strings.Contains(text, want.text) {
			t.Errorf("%s: the page lacks %q", name, want.text)
		}
	}
}

// The colours are never alone: each status has a shape, a sign and a word.
func TestSignsWithoutColour(t *testing.T) {
	all, ids := elements(t, write(t, broken(), about))
	for _, n := range all {
		if n.Data == "use" && ids[strings.TrimPrefix(attr(n, "href"), "#")] != 1 {
			t.Errorf("there is no shape %s", attr(n, "href"))
		}
	}
	drawn := map[string]bool{}
	for _, n := range all {
		if n.Data == "symbol" {
			var b strings.Builder
			if err := html.Render(&b, n); err != nil {
				t.Fatal(err)
			}
			_, shape, _ := strings.Cut(b.String(), ">")
			drawn[shape] = true
		}
	}
	if len(drawn) != 5 {
		t.Errorf("there are %d shapes for 5 statuses", len(drawn))
	}
}

func TestWriteFails(t *testing.T) {
	r, w := io.Pipe()
	want := errors.New("the disk is full")
	_ = r.CloseWithError(want)
	if err := page.Write(w, broken(), about); !errors.Is(err, want) {
		t.Error(err)
	}
}
