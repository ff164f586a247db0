package s3agcreds_test

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// wire notes which access key asked for which vended one: AWS's trail does not say.
type wire struct {
	aws.HTTPClient

	mu     sync.Mutex
	askers map[string]string
}

var vendedKey = regexp.MustCompile(`<AccessKeyId>(\w+)</AccessKeyId>`)

// Do implements [aws.HTTPClient].
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	asker := signed(r).Key
	answer, err := w.HTTPClient.Do(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/dataaccess") {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	_ = answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if found := vendedKey.FindSubmatch(body); found != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.askers[string(found[1])] = asker
	}
	return answer, nil
}

// vendedTo is the person for whom each vended access key was asked for.
func (s *service) vendedTo() map[string]string {
	people, vended := map[string]string{}, map[string]string{}
	for _, e := range s.lab.Events() {
		if e.EventName == getAccess && e.UserIdentity.OnBehalfOf != nil {
			people[e.UserIdentity.AccessKeyID] = e.UserIdentity.OnBehalfOf.UserID
		}
	}
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	for key, asker := range s.wire.askers {
		vended[key] = people[asker]
	}
	return vended
}
