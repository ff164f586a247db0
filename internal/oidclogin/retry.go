package oidclogin

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Bounds of a request and of what an operation does without a person. An SDK
// ends a credential_process after a minute; a provider that accepts and is silent
// must leave most of that to others.
const (
	// requestTimeout bounds one attempt with its body.
	requestTimeout = 10 * time.Second
	// maxAttempts bounds the attempts of one request.
	maxAttempts = 3
	// retryWithin is how long after the start of an operation another attempt may begin.
	retryWithin = 20 * time.Second
	// giveUpAfter ends every attempt of an operation, counted from its start.
	giveUpAfter = 24 * time.Second
	// firstPause is the longest pause before the second attempt; each further one
	// is twice as long.
	firstPause = 500 * time.Millisecond
	// maxRetryAfter is the longest Retry-After (RFC 9110 section 10.2.3) that is waited for.
	maxRetryAfter = 5 * time.Second
)

// sleep waits for d, or returns the error of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send makes a request until the answer says that repeating it will not help:
// at most maxAttempts times, and at most sends times where the provider may have
// worked on it.
func (k *call) send(req *http.Request, sends int) (*answer, error) {
	for n := 1; ; n++ {
		a, err := k.attempt(req)
		again, sent := transient(a, err)
		if sent {
			sends--
		}
		if again && sent {
			k.noteLost(req, a)
		}
		pause := max(backoff(n), a.retryAfter())
		switch {
		case !again, n == maxAttempts, sends <= 0, req.Context().Err() != nil,
			a.retryAfter() > maxRetryAfter, time.Since(k.began)+pause > retryWithin:
			return a, err
		}
		if err := k.wait(req.Context(), pause); err != nil {
			return nil, err
		}
	}
}

// transient says whether an attempt failed in a way that may pass, and whether
// the provider may have worked on the request.
func transient(a *answer, err error) (again, sent bool) {
	var certificate *tls.CertificateVerificationError
	switch {
	case err == nil:
		return unavailable(a.status) && a.status != http.StatusProxyAuthRequired, true
	case errors.As(err, &certificate):
		return false, false
	case errors.Is(err, errBodyTooLarge):
		return false, true
	}
	return true, !unsent(err)
}

// unsent says that no byte of the request can have reached the provider.
func unsent(err error) bool {
	var op *net.OpError
	var record tls.RecordHeaderError
	return (errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")) || errors.As(err, &record)
}

// backoff is the pause after attempt n: between half of and the whole bound,
// which doubles, so that many who failed together do not come back together.
func backoff(n int) time.Duration {
	bound := firstPause << (n - 1)
	return bound/2 + rand.N(bound/2+1) //nolint:gosec // spreads load; nothing depends on it being secret
}

// retryAfter is the Retry-After of a failed answer, zero without one.
func (a *answer) retryAfter() time.Duration {
	if a == nil || !unavailable(a.status) {
		return 0
	}
	value := a.header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(min(seconds, 1<<20)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// noteLost remembers that what a grant sends may have been used up by an attempt
// whose outcome is not known: a is nil, or an answer that leaves it open.
func (k *call) noteLost(req *http.Request, a *answer) {
	switch {
	case req.Method != http.MethodPost || k.lost != "":
	case a == nil:
		k.lost = "the answer to an earlier attempt was lost"
	case a.status >= http.StatusInternalServerError:
		k.lost = "an earlier attempt was answered with HTTP status " + strconv.Itoa(a.status)
	}
}
