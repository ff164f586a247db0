package bearer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// What clients are told. Each makes a refusal of its reason.

func badRequest(err error) *RefusalError {
	if errors.Is(err, ErrNoToken) {
		return &RefusalError{Status: http.StatusUnauthorized, Description: "a bearer token is required", Err: err}
	}
	return &RefusalError{
		Status: http.StatusBadRequest, Code: CodeInvalidRequest, Err: err,
		Description: "the request must have one well-formed bearer token in the place for it",
	}
}

func badToken(err error) *RefusalError {
	return &RefusalError{Status: http.StatusUnauthorized, Code: CodeInvalidToken, Description: "the token is not acceptable", Err: err}
}

func expiredToken(err error) *RefusalError {
	return &RefusalError{Status: http.StatusUnauthorized, Code: CodeInvalidToken, Description: "the token has expired", Err: err}
}

func usedToken(err error) *RefusalError {
	return &RefusalError{
		Status: http.StatusUnauthorized, Code: CodeInvalidToken, Err: err,
		Description: "the token is used up or was refused; send one that was issued since",
	}
}

func denied(err error) *RefusalError {
	return &RefusalError{Status: http.StatusForbidden, Code: CodeAccessDenied, Description: "access is denied", Err: err}
}

func serverError(err error) *RefusalError {
	return &RefusalError{
		Status: http.StatusInternalServerError, Code: CodeServerError, Description: "the server cannot answer", Err: err,
	}
}

func badGateway(err error) *RefusalError {
	return &RefusalError{
		Status: http.StatusBadGateway, Code: CodeServerError, Description: "a service that the server needs did not answer properly", Err: err,
	}
}

func gatewayTimeout(err error) *RefusalError {
	return &RefusalError{
		Status: http.StatusGatewayTimeout, Code: CodeServerError, Description: "a service that the server needs did not answer in time", Err: err,
	}
}

// shortPause is when to try again if nobody said: for clients, and for keys.
const shortPause = time.Second

func unavailable(err error, retryAfter time.Duration) *RefusalError {
	return &RefusalError{
		Status: http.StatusServiceUnavailable, Code: CodeTemporarilyUnavailable, Err: err,
		Description: "try again later", RetryAfter: max(retryAfter, shortPause),
	}
}

// refusalOr is what err means of itself, else what otherwise makes of it.
func refusalOr(err error, otherwise func(error) *RefusalError) *RefusalError {
	if refusal := refusalOf(err); refusal != nil {
		return refusal
	}
	return otherwise(err)
}

// refuse logs the refusal and answers.
func (m *middleware) refuse(w http.ResponseWriter, r *http.Request, refusal *RefusalError) {
	req, _ := r.Context().Value(requestKey{}).(*request)
	if req != nil {
		refusal = refusal.without(req.raw)
	}
	answer := *refusal // which may be one that the program uses again
	answer.Status = refusal.status()
	if answer.Realm == "" {
		answer.Realm = m.options.Realm
	}
	if req != nil && req.refused { // by an ErrorHandler that called Error
		answer.ServeHTTP(w, r)
		return
	}
	m.log(r, &answer)
	seen := &request{middleware: m, refused: true}
	if req != nil {
		seen.token = req.token
	}
	handed := r.WithContext(context.WithValue(r.Context(), requestKey{}, seen))
	defer returnForm(r, handed)
	m.options.ErrorHandler(w, handed, &answer)
}

func (m *middleware) log(r *http.Request, e *RefusalError) {
	level := slog.LevelInfo
	switch status := e.status(); {
	case status == http.StatusUnauthorized && e.Code == "":
		level = slog.LevelDebug
	case status == http.StatusInternalServerError:
		level = slog.LevelError
	case status > http.StatusInternalServerError:
		level = slog.LevelWarn
	}
	if log := m.options.Logger; log.Enabled(r.Context(), level) {
		log.LogAttrs(r.Context(), level, "request refused", slog.Int("status", e.status()), slog.String("code", e.Code),
			slog.String("reason", clean(reason(e))), slog.String("method", r.Method), slog.String("path", clean(r.URL.Path)), slog.String("remote", r.RemoteAddr))
	}
}
