package faults_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// page sends a request to a page of the lab's own and returns status and body.
func page(t *testing.T, b *probe.Bench, method, path, text string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.Lab.Endpoint()+"/_lab/"+path, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp := exchange(t, b, req)
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, strings.TrimSpace(string(probe.Must(t, answer, err)))
}

// TestPages: what the pages do is what the methods of the lab tell of.
func TestPages(t *testing.T) {
	b := probe.Start(t)
	admin := []string{lab.AdminHeader, "admin"}
	status, text := page(t, b, http.MethodPost, "faults", `{"do": "late-answer", "delay": "20s", "service": "s3", "every": 3}`, admin...)
	var set lab.Fault
	if probe.Must(t, 0, json.Unmarshal([]byte(text), &set)); status != http.StatusOK || set.Name != "fault-1" {
		t.Errorf("status %d: %s", status, text)
	}
	_, text = page(t, b, http.MethodGet, "faults", "")
	var listed struct{ Faults []lab.FaultStatus }
	probe.Must(t, 0, json.Unmarshal([]byte(text), &listed))
	want := []lab.FaultStatus{{Fault: lab.Fault{Name: "fault-1", Do: lab.FaultLateAnswer, Delay: lab.FaultDuration(20 * time.Second), Service: "s3", Every: 3}}}
	if diff := cmp.Diff(want, listed.Faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, b.Lab.Faults()); diff != "" {
		t.Errorf("faults of the lab (-want +got):\n%s", diff)
	}
	page(t, b, http.MethodPost, "faults", `{"do": "deny", "name": "second"}`, admin...)
	page(t, b, http.MethodDelete, "faults?name=fault-1", "", admin...)
	if got := b.Lab.Faults(); len(got) != 1 || got[0].Name != "second" {
		t.Errorf("after one was removed: %v", got)
	}
	page(t, b, http.MethodDelete, "faults", "", admin...)
	if got := b.Lab.Faults(); len(got) != 0 {
		t.Errorf("after all were removed: %v", got)
	}
}

func TestClockPage(t *testing.T) {
	b := probe.Start(t)
	for _, c := range []struct {
		method, body string
		offset       time.Duration
	}{
		{http.MethodGet, "", 0},
		{http.MethodPost, `{"advance": "90m"}`, 90 * time.Minute},
		{http.MethodPost, `{"advance": "-30m"}`, time.Hour},
		{http.MethodPost, `{"set": "` + time.Now().Add(48*time.Hour).UTC().Format(time.RFC3339Nano) + `"}`, 48 * time.Hour},
		{http.MethodDelete, "", 0},
	} {
		_, text := page(t, b, c.method, "clock", c.body, lab.AdminHeader, "admin")
		var clock lab.Clock
		probe.Must(t, 0, json.Unmarshal([]byte(text), &clock))
		if off := time.Duration(clock.Offset) - c.offset; off.Abs() > 5*time.Second || (time.Until(clock.Now)-c.offset).Abs() > 5*time.Second {
			t.Errorf("%s %s: %s", c.method, c.body, text)
		}
	}
}

func TestKeysAndExpirePages(t *testing.T) {
	b := probe.Start(t)
	admin := []string{lab.AdminHeader, "admin"}
	old := idToken(b, "analyst")
	if status, text := page(t, b, http.MethodPost, "keys", `{"issuer": "okta", "keepOld": true}`, admin...); status != http.StatusOK {
		t.Errorf("status %d: %s", status, text)
	}
	_, err := webIdentity(b, old)
	probe.Expect(t, probe.Answer{}, err)
	page(t, b, http.MethodPost, "keys", `{"issuer": "okta"}`, admin...)
	_, _ = webIdentity(b, idToken(b, "analyst")) // has the new keys fetched
	_, err = webIdentity(b, old)
	probe.Expect(t, probe.Answer{Status: 400, Code: "InvalidIdentityToken", Message: "*"}, err)
	if _, text := page(t, b, http.MethodPost, "expire", `{"what": "id-tokens", "issuer": "okta"}`, admin...); !strings.Contains(text, `"ended": 2`) {
		t.Error(text)
	}
}

// TestRefusedPages: each wrong request is refused with a line, and changes nothing.
func TestRefusedPages(t *testing.T) {
	b := probe.Start(t)
	labtest.Fault(t, b.Lab, lab.Fault{Name: "x", Do: lab.FaultDelay, Delay: 1, Service: "iam"})
	for _, c := range []struct {
		method, path, body string
		status             int
		text               string
	}{
		{http.MethodPost, "faults", "", 400, "fault: it is empty"},
		{http.MethodPost, "faults", `{"do": "deny", "service": "stss"}`, 400, `fault 1: service: there is no "stss"; the nearest are sts, s3, iam`},
		{http.MethodPost, "faults", `{"do": "deny", "nth": 0}`, 400, "fault: nth is given and says nothing"},
		{http.MethodDelete, "faults?names=x", "", 400, `there is no parameter "names", only name`},
		{http.MethodDelete, "faults?name=x&all=1", "", 400, `there is no parameter "all", only name`},
		{http.MethodDelete, "faults?name=x&name=y", "", 400, "the parameter name stands twice; it takes one name"},
		{http.MethodDelete, "faults?name=%zz", "", 400, "invalid URL escape"},
		{http.MethodPost, "clock", `{"advance": "1h"} {"advance": "1h"}`, 400, "the body: something stands behind the document"},
		{http.MethodPost, "clock", `{"advance": 3}`, 400, "the body: advance: a JSON number is not a duration such as 1m30s"},
		{http.MethodPost, "clock", `{"set": 3}`, 400, "the body: set: a JSON number is not a text"},
		{http.MethodPost, "clock", `{"set": "soon"}`, 400, `set: "soon" is not a time such as`},
		{http.MethodPost, "clock", `{"set": "0001-01-01T00:00:00Z"}`, 400, "the clock goes a hundred years"},
		{http.MethodPost, "clock", `{"set": "2999-01-01T00:00:00Z"}`, 400, "the clock goes a hundred years"},
		{http.MethodPost, "clock", `{"advance": "2562047h"}`, 400, "the clock goes a hundred years"},
		{http.MethodPost, "clock", `{"advance": "-2562047h"}`, 400, "the clock goes a hundred years"},
		{http.MethodPost, "keys", `{"issuer": 3}`, 400, "the body: issuer: a JSON number is not a text"},
		{http.MethodPost, "faults", "[]", 400, "fault: "},
		{http.MethodPost, "faults", `{"do": "deny", "often": 3}`, 400, `fault: unknown key "often"`},
		{http.MethodPost, "faults", `{"do": "explode"}`, 400, `fault 1: do: "explode" is none of`},
		{http.MethodPost, "faults", `{"do": "rotate-keys", "issuer": "nobody"}`, 400, `fault 1: issuer: the world has no issuer "nobody"`},
		{http.MethodPost, "faults", `{"do": "deny", "name": "x"}`, 409, "fault x: the name is taken"},
		{http.MethodPost, "faults", `{"do": "refuse", "code": "X", "message": "` + strings.Repeat("x", 70_000) + `"}`, 400, "fault: it has more than 65536 bytes"},
		{http.MethodDelete, "faults?name=y", "", 404, `there is no fault "y"`},
		{http.MethodDelete, "faults?name=", "", 404, `there is no fault ""`},
		{http.MethodPost, "clock", "", 400, "the body: it is empty"},
		{http.MethodPost, "clock", "{}", 400, "the body has one of advance and set"},
		{http.MethodPost, "clock", `{"advance": "1m", "set": "2026-01-02T15:04:05Z"}`, 400, "the body has one of advance and set"},
		{http.MethodPost, "clock", `{"advance": "soon"}`, 400, `the body: "soon" is not a duration such as 1m30s`},
		{http.MethodPost, "clock", `{"back": "1m"}`, 400, `the body: unknown key "back"`},
		{http.MethodPost, "keys", "", 400, "the body: it is empty"},
		{http.MethodPost, "keys", `{"issuer": "nobody"}`, 400, `no issuer "nobody"`},
		{http.MethodPost, "keys", `{"issuer": "nobody", "keepOld": true}`, 400, `no issuer "nobody"`},
		{http.MethodPost, "expire", "", 400, "the body: it is empty"},
		{http.MethodPost, "expire", `{"what": "time"}`, 400, `expire: "time" is none of`},
		{http.MethodPut, "faults", "", 405, "only GET, POST, DELETE"},
		{http.MethodGet, "keys", "", 405, "only POST"},
	} {
		status, text := page(t, b, c.method, c.path, c.body, lab.AdminHeader, "admin")
		if status != c.status || !strings.HasPrefix(text, c.text) || strings.Contains(text, "\n") {
			t.Errorf("%s %s %.80s: status %d: %s", c.method, c.path, c.body, status, text)
		}
	}
	for _, path := range []string{"faults", "clock", "keys", "expire"} {
		for name, header := range map[string][]string{"no header": nil, "another origin": {lab.AdminHeader, "admin", "Origin", "https://example.com"}} {
			if status, text := page(t, b, http.MethodPost, path, `{"do": "deny", "advance": "1h", "issuer": "okta", "what": "credentials"}`, header...); status != http.StatusForbidden {
				t.Errorf("%s, %s: status %d: %s", path, name, status, text)
			}
		}
	}
	if len(b.Lab.Faults()) != 1 || b.Lab.ClockOffset() != 0 {
		t.Error("a refused request changed the lab")
	}
}

// TestScenarioOption: a lab starts with the faults and the clock of its file, and
// does not start with a wrong one.
func TestScenarioOption(t *testing.T) {
	l := labtest.Start(t, func(o *lab.Options) {
		o.Faults = []byte("version: 1\nclock: 36h\nfaults: [{name: x, do: rotate-keys, issuer: okta, nth: 1}, {do: deny}]")
	})
	var names []string
	for _, s := range l.Faults() {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"x", "fault-1"}, names); diff != "" || l.ClockOffset() != 36*time.Hour {
		t.Errorf("offset %v, faults (-want +got):\n%s", l.ClockOffset(), diff)
	}
	for document, want := range map[string]string{
		"version: 1\nclock: 876001h":                             "scenario file: clock: the clock goes a hundred years forward or back at most",
		"version: 1\nfaults: [{do: deny, operation: AsumeRole}]": `scenario file: fault 1: operation: there is no "AsumeRole" in any service; the nearest are AssumeRole, CreateRole, DeleteRole`,
		"version: 2": "scenario file: version 2: this lab reads version 1",
		"version: 1\nfaults: [{do: rotate-keys, issuer: nobody}]": `scenario file: fault 1: issuer: the world has no issuer "nobody"`,
	} {
		if l, err := lab.Start(t.Context(), lab.Options{Faults: []byte(document)}); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
			if err == nil {
				_ = l.Close()
			}
		}
	}
}

// TestFaultsOfATest end with it.
func TestFaultsOfATest(t *testing.T) {
	b := probe.Start(t)
	t.Run("inner", func(t *testing.T) {
		labtest.Fault(t, b.Lab, lab.Fault{Do: lab.FaultDeny}, lab.Fault{Do: lab.FaultDeny})
		if len(b.Lab.Faults()) != 2 {
			t.Error("they are not set")
		}
	})
	if len(b.Lab.Faults()) != 0 {
		t.Error("they are still set")
	}
}
