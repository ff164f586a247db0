package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
)

// problem is an error as its reader needs it.
type problem struct {
	Status      int
	Title, Text string
	// SignIn offers to sign in.
	SignIn bool
	// Wait is what Retry-After says.
	Wait time.Duration
	// Reference finds the cause in the log; empty if there is nothing to find.
	Reference string
}

// The problems.
var (
	problemSignIn = problem{
		Status: http.StatusUnauthorized, Title: "Please sign in", SignIn: true,
		Text: "You are not signed in, or were away for too long.",
	}
	problemSessionOver = problem{
		Status: http.StatusUnauthorized, Title: "Please sign in again", SignIn: true,
		Text: "Your company’s sign-in has ended this session.",
	}
	problemNotBegun = problem{
		Status: http.StatusBadRequest, Title: "This sign-in cannot go on", SignIn: true,
		Text: "It was not begun in this browser, took longer than ten minutes, or was used already.",
	}
	problemSignInRefused = problem{
		Status: http.StatusForbidden, Title: "You are not signed in", SignIn: true,
		Text: "The identity provider did not sign you in.",
	}
	problemSignInFailed = problem{
		Status: http.StatusBadGateway, Title: "The sign-in failed", SignIn: true,
		Text: "The identity provider’s answer could not be used. Try once more.",
	}
	problemNotAdmitted = problem{
		Status: http.StatusForbidden, Title: "AWS does not admit you",
		Text: "You are signed in at your company, but AWS does not let you use this application. Ask whoever manages it to assign you.",
	}
	problemDenied = problem{
		Status: http.StatusForbidden, Title: "You do not have access",
		Text: "No grant of yours allows this. Ask whoever owns the data for one.",
	}
	problemHidden = problem{ // of a file that does not exist, S3 tells those only who may list the whole bucket
		Status: http.StatusForbidden, Title: "You do not have access",
		Text: "No grant of yours allows this, or it does not exist.",
	}
	problemNotAllowed = problem{
		Status: http.StatusForbidden, Title: "This is not allowed",
		Text: "The role of this application may not do this in AWS. Tell whoever manages it.",
	}
	problemNotFound = problem{
		Status: http.StatusNotFound, Title: "There is nothing here",
		Text: "The file or page does not exist, or not any more.",
	}
	problemExists = problem{
		Status: http.StatusConflict, Title: "That name is taken",
		Text: "A file of that name is there already. Nothing was overwritten.",
	}
	problemBadPlace = problem{
		Status: http.StatusBadRequest, Title: "This address does not work",
		Text: "It names no place in S3 that this application can show.",
	}
	problemBadUpload = problem{
		Status: http.StatusBadRequest, Title: "Nothing was uploaded",
		Text: "Choose one file, with a name that S3 can keep.",
	}
	problemTooLarge = problem{
		Status: http.StatusRequestEntityTooLarge, Title: "The file is too large",
		Text: "This application takes files of up to 32 MB.",
	}
	problemCrossOrigin = problem{
		Status: http.StatusForbidden, Title: "This did not come from here",
		Text: "Another website sent this form. Nothing was done.",
	}
	problemBusy = problem{
		Status: http.StatusServiceUnavailable, Title: "Too much at once", Wait: 10 * time.Second,
		Text: "AWS asks for a pause. Try again in a moment.",
	}
	problemAway = problem{
		Status: http.StatusServiceUnavailable, Title: "Not available at the moment", Wait: 30 * time.Second,
		Text: "AWS or your company’s sign-in does not answer. Try again in a moment.",
	}
	problemUnknown = problem{
		Status: http.StatusInternalServerError, Title: "Something went wrong",
		Text: "This is not your fault. Tell whoever manages this application.",
	}
)

// fail shows what an error means for the person, and logs what it means for whoever
// manages the application.
func (a *app) fail(w http.ResponseWriter, r *http.Request, s *session, err error) {
	if errors.Is(r.Context().Err(), context.Canceled) {
		return // the browser went away
	}
	p := explain(err)
	if errors.Is(err, errSessionOver) {
		a.sessions.end(w, r)
	}
	if p.Status == http.StatusServiceUnavailable || p.Status == http.StatusInternalServerError || p == problemNotAdmitted || p == problemNotAllowed {
		p.Reference = rand.Text()[:8]
		a.log.Error("a request failed", "reference", p.Reference, "user", s.subject.String(), "path", r.URL.Path, "err", err, "hint", hint(err))
	}
	a.show(w, r, p)
}

// hint is what the libraries know about an error.
func hint(err error) string {
	if e, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		return e.Hint()
	}
	return ""
}

// explain sorts an error by types and codes, never by texts.
func explain(err error) problem {
	switch {
	case errors.Is(err, errSessionOver):
		return problemSessionOver
	case errors.Is(err, errPlace), errors.Is(err, s3agcreds.ErrTarget):
		return problemBadPlace
	case errors.Is(err, errFileName), errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return problemBadUpload
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problemTooLarge
	}
	if e, ok := errors.AsType[*tipcreds.ExchangeError](err); ok {
		return explainExchange(e)
	}
	if e, ok := errors.AsType[*s3agcreds.DataAccessError](err); ok {
		switch e.Kind {
		case s3agcreds.KindNoGrant:
			return problemDenied
		case s3agcreds.KindNotAuthorized:
			return problemNotAllowed
		case s3agcreds.KindNoInstance, s3agcreds.KindLocationRole:
			return problemUnknown
		}
	}
	return explainAnswer(err)
}

// explainExchange is about getting the user's credentials.
func explainExchange(e *tipcreds.ExchangeError) problem {
	switch {
	case e.Throttled():
		p := problemBusy
		p.Wait = max(p.Wait, e.RetryAfter)
		return p
	case e.Code == "", e.InDoubt, e.HTTPStatus >= http.StatusInternalServerError:
		return problemAway // nobody answered, or nothing that says anything
	case strings.HasPrefix(e.Code, "AccessDenied"), e.Code == "InvalidGrantException":
		return problemNotAdmitted
	}
	return problemUnknown
}

// explainAnswer is about what S3 and S3 Control answered.
func explainAnswer(err error) problem {
	status := 0
	if answer, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = answer.HTTPStatusCode()
	}
	code := ""
	if answer, ok := errors.AsType[smithy.APIError](err); ok {
		code = answer.ErrorCode()
	}
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	_, exhausted := errors.AsType[*ratelimit.QuotaExceededError](err)
	switch {
	case code == "SlowDown", strings.HasPrefix(code, "Throttl"), status == http.StatusTooManyRequests, exhausted:
		return problemBusy
	case code == "AccessDenied", status == http.StatusForbidden:
		return problemHidden
	case status == http.StatusNotFound:
		return problemNotFound
	case status == http.StatusPreconditionFailed, status == http.StatusConflict:
		return problemExists
	case unsent, status >= http.StatusInternalServerError, errors.Is(err, context.DeadlineExceeded):
		return problemAway
	}
	return problemUnknown
}

// seconds is a duration as Retry-After has it.
func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
