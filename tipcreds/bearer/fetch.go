package bearer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// maxAnswer bounds what is read of an issuer's answer, in bytes. Key sets and metadata
// have some thousand.
const maxAnswer = 1 << 20

var errAnswerTooLong = fmt.Errorf("the answer is longer than %d bytes", maxAnswer)

// boundedFetch is a transport whose answers have been read, within
// DefaultVerifyTimeout. Of itself go-oidc waits for a fetch, and reads, without end,
// and lets nobody else fetch meanwhile.
type boundedFetch struct{ client *http.Client }

// RoundTrip implements [http.RoundTripper].
func (b boundedFetch) RoundTrip(r *http.Request) (*http.Response, error) {
	got, err := b.fetch(r)
	if err != nil {
		return nil, err
	}
	return got.response(r), nil
}

func (b boundedFetch) fetch(r *http.Request) (*fetched, error) {
	ctx, cancel := context.WithTimeout(r.Context(), DefaultVerifyTimeout)
	defer cancel()
	answer, err := b.client.Do(r.Clone(ctx)) //nolint:gosec // G704: the URL is of the configured issuer, or its jwks_uri
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	got := &fetched{code: answer.StatusCode, status: answer.Status, contentType: answer.Header.Get("Content-Type")}
	if got.code != http.StatusOK { // then it is for an error's text
		got.body, err = io.ReadAll(io.LimitReader(answer.Body, maxText))
	} else if got.body, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1)); len(got.body) > maxAnswer {
		err = errAnswerTooLong
	}
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return got, nil
}

// fetched is an answer that has been read.
type fetched struct {
	code        int
	status      string
	contentType string
	body        []byte
}

func (f *fetched) response(r *http.Request) *http.Response {
	return &http.Response{
		Status: f.status, StatusCode: f.code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {f.contentType}}, ContentLength: int64(len(f.body)),
		Body: io.NopCloser(bytes.NewReader(f.body)),
	}
}

// hasKeys reports whether the answer is a key set that is not empty.
func (f *fetched) hasKeys() bool {
	var set struct{ Keys []json.RawMessage }
	return f.code == http.StatusOK && json.Unmarshal(f.body, &set) == nil && len(set.Keys) > 0
}

// pausedFetch is a transport that fetches keys, and gives them again for KeyPause; a
// failure, and an answer without keys, for shortPause. It serves one URL.
type pausedFetch struct {
	boundedFetch

	mu    sync.Mutex
	until time.Time
	got   *fetched
	err   error
}

var errNotFetched = errors.New("nothing was fetched")

// RoundTrip implements [http.RoundTripper].
func (p *pausedFetch) RoundTrip(r *http.Request) (*http.Response, error) {
	got, err := p.last()
	if errors.Is(err, errNotFetched) {
		got, err = p.fetch(r)
		p.keep(got, err)
	}
	if err != nil {
		return nil, err
	}
	return got.response(r), nil
}

// last is what the last fetch gave, [errNotFetched] if that is long ago.
func (p *pausedFetch) last() (*fetched, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !time.Now().Before(p.until) {
		return nil, errNotFetched
	}
	return p.got, p.err
}

func (p *pausedFetch) keep(got *fetched, err error) {
	pause := shortPause
	if err == nil && got.hasKeys() {
		pause = KeyPause
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until, p.got, p.err = time.Now().Add(pause), got, err
}
