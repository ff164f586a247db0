package main

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// form is an upload as browsers send it.
func form(t *testing.T, field, name string, body io.Reader) (contentType string, form *bytes.Buffer) {
	t.Helper()
	form = new(bytes.Buffer)
	w := multipart.NewWriter(form)
	part, err := w.CreateFormFile(field, name)
	if err == nil {
		_, err = io.Copy(part, body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), form
}

func (p *person) upload(t *testing.T, folder, name, body string, headers ...string) answer {
	t.Helper()
	contentType, sent := form(t, "file", name, strings.NewReader(body))
	return p.post(t, link("/upload", folder), contentType, sent, headers...)
}

const analystHome = "s3://tip-demo-data/home/analyst/"

func TestUpload(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst, engineer := s.signedIn(t, "analyst"), s.signedIn(t, "engineer")

	page := analyst.upload(t, analystHome, "über uns & co.txt", "We count things.")
	page.want(t, http.StatusOK, "über uns & co.txt is uploaded.")
	analyst.download(t, analystHome+"über uns & co.txt").want(t, http.StatusOK, "We count things.")
	analyst.upload(t, analystHome, "notes.txt", "gone").want(t, http.StatusConflict, "Nothing was overwritten")
	analyst.download(t, analystHome+"notes.txt").want(t, http.StatusOK, "third quarter")

	analyst.upload(t, analystReports, "mine.txt", "x").want(t, http.StatusForbidden, "You do not have access")
	engineer.upload(t, analystHome, "theirs.txt", "x").want(t, http.StatusForbidden, "You do not have access")
	analyst.browse(t, analystHome).wantNot(t, "theirs.txt")
	s.person().upload(t, analystHome, "nobody.txt", "x").want(t, http.StatusUnauthorized, "Please sign in")

	// A link cannot claim that something was uploaded.
	analyst.get(t, link("/browse", analystHome)+"&uploaded=your-virus").wantNot(t, "your-virus")
}

func TestUploadRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	send := func(path, field, name string, body io.Reader) answer {
		contentType, sent := form(t, field, name, body)
		return analyst.post(t, path, contentType, sent)
	}
	to := link("/upload", analystHome)
	send(to, "file", "", strings.NewReader("")).want(t, http.StatusBadRequest, "Nothing was uploaded")
	send(to, "file", "..", strings.NewReader("x")).want(t, http.StatusBadRequest, "Nothing was uploaded")
	send(to, "file", `a\b`, strings.NewReader("x")).want(t, http.StatusBadRequest, "Nothing was uploaded")
	send(to, "file", "a*", strings.NewReader("x")).want(t, http.StatusBadRequest, "Nothing was uploaded")
	send(to, "file", strings.Repeat("a", maxKey), strings.NewReader("x")).want(t, http.StatusBadRequest, "Nothing was uploaded")
	send(to, "other", "a", strings.NewReader("x")).want(t, http.StatusBadRequest, "Nothing was uploaded")
	send(link("/upload", analystHome+"notes.txt"), "file", "a", strings.NewReader("x")).want(t, http.StatusBadRequest, "Nothing was uploaded")
	send("/upload?path=etc", "file", "a", strings.NewReader("x")).want(t, http.StatusBadRequest, "does not work")
	analyst.post(t, to, "text/plain", strings.NewReader("x")).want(t, http.StatusBadRequest, "Nothing was uploaded")
	analyst.post(t, to, "multipart/form-data; boundary=b", strings.NewReader("x")).want(t, http.StatusBadRequest, "Nothing was uploaded")
	send(to, "file", "large", io.LimitReader(zeros{}, maxUpload+formRoom)).want(t, http.StatusRequestEntityTooLarge, "too large")
	// Browsers send the name only; of a path its end counts.
	send(to, "file", "../../reports/up.txt", strings.NewReader("x")).want(t, http.StatusOK, "up.txt is uploaded")
	analyst.browse(t, analystReports).wantNot(t, "up.txt")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Forms of other sites are refused before anything is done.
func TestCrossOriginIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Sec-Fetch-Site", "", "Origin", "https://evil.example.com"},
		{"Sec-Fetch-Site", "", "Origin", "null"},
	} {
		analyst.upload(t, analystHome, "forged.txt", "x", headers...).want(t, http.StatusForbidden, "Another website sent this form")
		analyst.post(t, "/sign-out", "application/x-www-form-urlencoded", nil, headers...).want(t, http.StatusForbidden, "Nothing was done")
	}
	analyst.browse(t, analystHome).wantNot(t, "forged.txt")
	analyst.upload(t, analystHome, "mine.txt", "x", "Sec-Fetch-Site", "", "Origin", s.url).want(t, http.StatusOK, "mine.txt is uploaded")
	// Nothing changes by a link.
	for _, path := range []string{"/sign-out", link("/upload", analystHome)} {
		if got := analyst.get(t, path).status; got != http.StatusNotFound && got != http.StatusMethodNotAllowed {
			t.Errorf("GET %s: %d", path, got)
		}
	}
	analyst.get(t, "/").want(t, http.StatusOK, "Analyst")
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	analyst := s.signedIn(t, "analyst")
	for _, bad := range []string{
		"", "reports/", "s3://", "s3:///reports/", "s3://tip-demo-data/../private/", "s3://tip-demo-data/reports/../private/payroll.csv",
		"s3://tip-demo-data/reports/./", "s3://tip-demo-data/*", "s3://tip-demo-data/reports/*", "s3://tip-demo-data/a\nb", "s3://tip-demo-data/\xff",
		"s3://Tip/", "s3://a_b/", "https://tip-demo-data/x", "s3://tip-demo-data/" + strings.Repeat("a", maxKey+1), "s3://x/",
	} {
		if p, err := parsePlace(bad); err == nil {
			t.Errorf("%q is %s", bad, p)
		}
		analyst.browse(t, bad).want(t, http.StatusBadRequest, "This address does not work")
		analyst.download(t, bad).want(t, http.StatusBadRequest, "This address does not work")
	}
	analyst.download(t, analystReports).want(t, http.StatusBadRequest, "This address does not work")
	analyst.download(t, "s3://tip-demo-data/private/payroll.csv").want(t, http.StatusForbidden, "You do not have access")
	if got := s.Counts().DataAccesses.Granted; got != 0 {
		t.Errorf("AWS was asked %d times", got)
	}
}

func TestCrumbs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"s3://bucket":         {"s3://bucket/"},
		"s3://bucket/":        {"s3://bucket/"},
		"s3://bucket/a/b/":    {"s3://bucket/", "s3://bucket/a/", "s3://bucket/a/b/"},
		"s3://bucket/a/begin": {"s3://bucket/", "s3://bucket/a/", "s3://bucket/a/begin"},
		"s3://bucket/a//":     {"s3://bucket/", "s3://bucket/a/", "s3://bucket/a//"},
	} {
		p, err := parsePlace(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range p.crumbs() {
			got = append(got, c.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 1_549_999: "1.5 MB", 5e15: "5000.0 TB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
