package faults_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/faults"
)

func TestParse(t *testing.T) {
	got, err := faults.Parse([]byte(`version: 1
clock: -10m
faults:
  - {name: busy, service: sts, operation: "Assume*", first: 2, do: throttle, retryAfter: 3s}
  - {do: late-answer, delay: 1m30s, probability: 0.25, seed: 7, person: "1234567890"}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := &faults.Scenario{Version: 1, Clock: faults.Duration(-10 * time.Minute), Faults: []faults.Fault{
		{Name: "busy", Service: "sts", Operation: "Assume*", First: 2, Do: faults.Throttle, RetryAfter: faults.Duration(3 * time.Second)},
		{Do: faults.LateAnswer, Delay: faults.Duration(90 * time.Second), Probability: 0.25, Seed: 7, Person: "1234567890"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scenario (-want +got):\n%s", diff)
	}
}

// TestRefusedScenarios: each is refused with one line that says where and why.
func TestRefusedScenarios(t *testing.T) {
	for document, want := range map[string]string{
		"":                            "scenario file: it is empty",
		"version: 2":                  "scenario file: version 2: this lab reads version 1",
		"faults: []":                  "scenario file: version 0: this lab reads version 1",
		"version: 1\n---\nversion: 1": "scenario file: more than one document",
		"version: 1\nfault: []":       "scenario file: line 2: unknown key fault",
		"version: 1\nfaults: [{do: deny, every: x}]":  "scenario file: line 2: x is not a whole number",
		"version: 1\nfaults: [{do: deny, often: 3}]":  "scenario file: line 2: unknown key often",
		"version: 1\nfaults: [{do: delay, delay: 3}]": `scenario file: "3" is not a duration such as 1m30s`,
		"version: 1\nfaults: x":                       "scenario file: line 2: x is not a list of faults",
		"version: 1\nfaults: [[1]]":                   "scenario file: line 2: a list is not a fault",
		"version: 1\nfaults: [{do: [deny]}]":          "scenario file: line 2: a list is not an action",
		"version: 1\nclock: 900000h":                  "scenario file: clock: the clock goes a hundred years forward or back at most",
		"version: [":                                  "scenario file: line 1: did not find expected node content",
		"version: 1\nfaults: [{do: deny}, {name: x, do: deny}, {name: x, do: deny}]": "scenario file: fault x: the name stands twice",
		"version: 1\nfaults: [{do: deny}, {}]":                                       "scenario file: fault 2: it does not say what to do",
		"version: 1\nfaults: [{name: a b, do: deny}]":                                "scenario file: fault 1: the name has other characters than letters, digits, dots, dashes and underscores, or more than 64",
	} {
		_, err := faults.Parse([]byte(document))
		if err == nil {
			t.Errorf("%q is taken", document)
		} else if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%q (-want +got):\n%s", document, diff)
		}
	}
}

// TestRefusedFaults: what could not do what it says, each with its reason.
func TestRefusedFaults(t *testing.T) {
	for document, want := range map[string]string{
		`do: explode`:                                         `do: "explode" is none of throttle, internal-error, unavailable, refuse, deny, wrong-region, expire, reset, lost-answer, late-answer, truncate, garbage, content-type, delay, allow-replay, rotate-keys, move-clock`,
		`do: deny, account: "1"`:                              `account: "1" is not twelve digits`,
		`do: deny, region: Ireland`:                           `region: "Ireland" is not the name of a region`,
		`do: deny, service: idp, person: x`:                   `the service idp has no account, region, accessKey, role or person to select by`,
		`do: deny, service: idp, operation: jwks`:             `operation: "jwks" is none of discovery, keys, authorize, token, userinfo, revoke, logout, device`,
		`do: deny, issuer: okta`:                              `issuer: only the service idp has one to select by`,
		`do: allow-replay, service: idp`:                      `do: the service idp has no allow-replay`,
		`do: wrong-region, toRegion: us-east-1, service: idp`: `do: the service idp has no wrong-region`,
		`do: deny, nth: -1`:                                   `nth, first and every are counted from 1`,
		`do: deny, nth: 1, every: 2`:                          `it has more than one of nth, first, every and probability`,
		`do: deny, first: 1, probability: 0.5`:                `it has more than one of nth, first, every and probability`,
		`do: deny, probability: 1.5`:                          `probability: 1.5 is not above 0 and up to 1`,
		`do: deny, probability: .nan`:                         `probability: NaN is not above 0 and up to 1`,
		`do: deny, seed: 5`:                                   `seed: there is no probability that it is for`,
		`do: deny, times: -1`:                                 `times is negative`,
		`do: deny, from: soon`:                                `from: "soon" is neither a time (RFC 3339) nor a duration`,
		`do: deny, until: -1m`:                                `until: "-1m" lies before the fault is set`,
		`do: deny, from: 2m, until: 1m`:                       `until is not after from`,
		`do: deny, until: 0s`:                                 `until is not after from`,
		`do: deny, delay: 1s`:                                 `delay: deny has none; it is for delay, late-answer`,
		`do: deny, code: X`:                                   `code: deny has none; it is for refuse`,
		`do: deny, message: x`:                                `message: deny has none; it is for refuse`,
		`do: throttle, status: 429`:                           `status: throttle has none; it is for refuse`,
		`do: deny, retryAfter: 1s`:                            `retryAfter: deny has none; it is for throttle, unavailable`,
		`do: deny, toRegion: us-east-1`:                       `toRegion: deny has none; it is for wrong-region`,
		`do: deny, body: x`:                                   `body: deny has none; it is for garbage`,
		`do: deny, contentType: x`:                            `contentType: deny has none; it is for content-type, garbage`,
		`do: deny, keepOld: true`:                             `keepOld: deny has none; it is for rotate-keys`,
		`do: deny, by: 1m`:                                    `by: deny has none; it is for move-clock`,
		`do: delay`:                                           `delay: 0s is not above 0 and up to 5m0s`,
		`do: late-answer, delay: 6m`:                          `delay: 6m0s is not above 0 and up to 5m0s`,
		`do: refuse`:                                          `code: "" is not an error code`,
		`do: refuse, code: X, status: 200`:                    `status: 200 is not that of an error, 400 to 599`,
		`do: throttle, retryAfter: -1s`:                       `retryAfter is negative`,
		`do: wrong-region`:                                    `toRegion: "" is not the name of a region`,
		`do: rotate-keys`:                                     `issuer: it does not say whose keys to rotate`,
		`do: move-clock`:                                      `by: it does not say how far to move the clock`,
		`do: move-clock, by: 1m`:                              `move-clock needs nth, first, every, probability or times: it would move the clock at every request`,
		`do: deny, nth: 1, times: 2`:                          `times: there is only one nth request`,
		`do: allow-replay, operation: AssumeRole`:             `do: allow-replay is for CreateTokenWithIAM of sso-oidc, which service and operation leave out`,
		`do: allow-replay, service: sts`:                      `do: allow-replay is for CreateTokenWithIAM of sso-oidc, which service and operation leave out`,
		`do: move-clock, by: 900000h, nth: 1`:                 `by: the clock goes a hundred years forward or back at most`,
		`do: move-clock, by: -900000h, nth: 1`:                `by: the clock goes a hundred years forward or back at most`,
		`do: deny, nth: 0`:                                    `nth is given and says nothing: fill it in, or leave it out`,
		`do: deny, first: 0`:                                  `first is given and says nothing: fill it in, or leave it out`,
		`do: deny, every: 0`:                                  `every is given and says nothing: fill it in, or leave it out`,
		`do: deny, times: 0`:                                  `times is given and says nothing: fill it in, or leave it out`,
		`do: deny, probability: 0.0`:                          `probability is given and says nothing: fill it in, or leave it out`,
		`do: deny, person: ""`:                                `person is given and says nothing: fill it in, or leave it out`,
		`do: deny, role: ~`:                                   `role is given and says nothing: fill it in, or leave it out`,
		`do: content-type, contentType: "a\nb"`:               `contentType has a line break`,
	} {
		_, err := faults.Parse([]byte("version: 1\nfaults: [{" + document + "}]"))
		if err == nil {
			t.Errorf("%s is taken", document)
		} else if diff := cmp.Diff("scenario file: fault 1: "+want, err.Error()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", document, diff)
		}
	}
}

func TestParseJSON(t *testing.T) {
	want := faults.Fault{Name: "x", Do: faults.Delay, Delay: faults.Duration(time.Second), Probability: 0.5, Seed: 3, Role: "r*"}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := faults.ParseJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Errorf("fault (-want +got):\n%s", diff)
	}
	for document, want := range map[string]string{
		``:                                  "fault: it is empty",
		`{"do": "deny"`:                     "fault: it ends in the middle",
		`{"do": "deny"} x`:                  "fault: something stands behind the document",
		`{do}`:                              "fault: it is not JSON: invalid character",
		`[]`:                                "fault: a JSON array is not an object",
		`{"do": "deny", "nth": "3"}`:        "fault: nth: a JSON string is not a whole number",
		`{"do": "deny", "nth": 1.5}`:        "fault: nth: a JSON number is not a whole number",
		`{"do": "deny", "seed": -1}`:        "fault: seed: a JSON number is not a whole number of at least 0",
		`{"do": "deny", "service": 3}`:      "fault: service: a JSON number is not a text",
		`{"do": "deny", "keepOld": 3}`:      "fault: keepOld: a JSON number is not true or false",
		`{"do": "delay", "delay": 3}`:       "fault: delay: a JSON number is not a duration such as 1m30s",
		`{"do": "deny", "probability": ""}`: "fault: probability: a JSON string is not a number",
		`{"do": "deny", "nth": 0}`:          "fault: nth is given and says nothing",
		`{"do": "deny", "First": 0}`:        "fault: first is given and says nothing",
		`{"do": "deny", "probability": 0}`:  "fault: probability is given and says nothing",
		`{"do": "deny", "service": ""}`:     "fault: service is given and says nothing",
		`{"do": "deny", "person": null}`:    "fault: person is given and says nothing",
		`{"do": "deny", "often": 1}`:        `fault: unknown key "often"`,
		`{"do": "deny"} {}`:                 "fault: something stands behind the document",
		`{"do": "explode"}`:                 `fault 1: do: "explode" is none of`,
		`{"do": "delay", "delay": "soon"}`:  `fault: "soon" is not a duration such as 1m30s`,
	} {
		if _, err := faults.ParseJSON(strings.NewReader(document)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", document, err, want)
		}
	}
}

// FuzzParse: whatever is read can be set.
func FuzzParse(f *testing.F) {
	f.Add([]byte("version: 1\nfaults: [{do: deny, nth: 3, from: 1s}]"))
	f.Add([]byte("version: 1\nclock: 1h\nfaults: [{do: garbage, body: x, probability: 0.5}]"))
	f.Fuzz(func(t *testing.T, document []byte) {
		s, err := faults.Parse(document)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %q", err)
			}
			return
		}
		e := faults.New(func() time.Time { return time.Time{} }) // before any time that is over
		if _, err := e.Add(s.Faults...); err != nil && !strings.Contains(err.Error(), "until") {
			t.Errorf("it is read and cannot be set: %v", err)
		}
		e.Strike(request())
	})
}
