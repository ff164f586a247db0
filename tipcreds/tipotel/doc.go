// Package tipotel gives tipcreds traces and metrics by OpenTelemetry.
//
//	telemetry, err := tipotel.New()
//	...
//	provider, err := tipcreds.New(accessRoleARN, applicationARN, token, options, telemetry.Instrument)
//
// and for a server:
//
//	pool, err := tipcreds.NewPool(accessRoleARN, applicationARN, func(o *tipcreds.PoolOptions) {
//		...
//		telemetry.Instrument(&o.Options)
//	})
//	stop, err := telemetry.WatchPool(pool)
//
// Without other [Options] it reports to the global providers of the package otel. It
// depends on the API of OpenTelemetry only; the program chooses an SDK and exporters.
//
// # Spans
//
// Each operation of tipcreds is a span. Those of a renewal are below the span
// "tipcreds Renew", which is below the span of the call that began it, and may end
// after that. Other calls that wait for the same renewal get no span, and credentials
// at hand make none. [tipcreds.Provider.Exchange] and
// [tipcreds.Provider.ExchangeRefreshToken] have no span of their own: their steps are
// below that of the caller.
//
//	span                            kind      operation
//	tipcreds Renew                  internal  tipcreds.OpRenew
//	tipcreds WebToken               internal  tipcreds.StepWebToken
//	STS.AssumeRoleWithWebIdentity   client    tipcreds.StepAssumeApplicationRole
//	SSO OIDC.CreateTokenWithIAM     client    tipcreds.StepCreateToken
//	STS.AssumeRole                  client    tipcreds.StepAssumeAccessRole
//	tipcreds CacheGet               internal  tipcreds.OpCacheGet, and so on
//
// The client spans follow the semantic conventions for AWS SDK client spans (version
// 1.43.0 of the conventions): they are one for each call, with all its attempts. If the
// SDK's own clients are instrumented as well, their spans of the same names are below
// these.
//
// Attributes:
//
//	attribute                   spans                 value
//	tipcreds.step               steps; Renew with     the step, the one that failed: WebToken,
//	                            an error              AssumeApplicationRole, CreateToken or
//	                                                  AssumeAccessRole
//	tipcreds.origin             Renew                 exchange, refresh_token, cache or kept; none
//	                                                  without credentials
//	                            CreateToken           exchange or refresh_token, also if refused
//	rpc.system.name             client                aws-api
//	rpc.method                  client                such as STS/AssumeRole
//	cloud.region                client                the region that is called, where it is known
//	error.type                  with an error         see below
//	tipcreds.error.code         with an error         AWS's error code, if AWS gave one
//	aws.request_id              with an error         AWS's id of the request, if there was an answer
//	http.response.status_code   with an error         the status, if there was an answer
//	tipcreds.jwt_spent          with an error         whether the JWT is used up, ExchangeError.JWTSpent
//	tipcreds.in_doubt           with an error         whether nobody knows, ExchangeError.InDoubt
//	tipcreds.cache.unavailable  Renew with an error   true: the cache could not be asked, so another
//	                                                  process may have exchanged the JWT
//
// The last six are of steps and Renew, not of the cache. The status of a span is Error
// if its operation failed, also where that did no harm: a renewal with the origin kept,
// and CreateTokenWithIAM with a refresh token that is refused, after which a JWT is
// exchanged. Its description is the step and error.type, "CreateToken:
// InvalidGrantException" for one. Otherwise the status is unset.
//
// # Metrics
//
//	metric                       instrument       unit         attributes
//	tipcreds.renewals            counter          {renewal}    tipcreds.outcome, tipcreds.origin, tipcreds.step, error.type
//	tipcreds.operation.duration  histogram        s            tipcreds.operation, error.type
//	tipcreds.exchange.in_doubt   counter          {exchange}   error.type
//	tipcreds.web_token.lost      counter          {token}      tipcreds.step, error.type
//	tipcreds.cache.errors        counter          {error}      tipcreds.operation, error.type
//	tipcreds.pool.users          up-down counter  {user}       those given to WatchPool
//	tipcreds.pool.forgotten      counter          {user}       those given to WatchPool
//
// tipcreds.renewals counts each renewal once, however many calls wait for it.
// tipcreds.outcome is renewed, kept (it failed, and the credentials at hand last still)
// or failed (somebody got an error). The origin is missing if it failed, step and
// error.type if it succeeded. An error rate for alarms is failed by all.
//
// tipcreds.operation.duration has the operations as tipcreds names them (Renew,
// WebToken, AssumeApplicationRole, CreateToken, AssumeAccessRole, CacheGet, CacheSet,
// CacheAdd, CacheDelete, CacheLock). The time of CacheLock is that of waiting for the
// lock. Buckets go from 1 ms to 2 minutes, the default of [tipcreds.Options].Timeout.
//
// tipcreds.web_token.lost counts the JWTs that were sent to IAM Identity Center, or may
// have been, and brought no session: AWS refused them, gave no verdict (these are in
// tipcreds.exchange.in_doubt, too), or took them, and then the access role was not
// assumed. The next renewal needs another JWT, unless another process has left its session
// in the cache.
//
// tipcreds.cache.errors counts the questions to the cache that failed, and not those
// that were not asked because the cache had failed just before. A lock that another
// process held for too long is one, with the error.type timeout.
//
// # Values of error.type
//
// AWS's error code, such as AccessDenied or InvalidGrantException, if it has the form of
// one; the HTTP status, such as 503, of an answer without; timeout and cancelled for the
// end of the context; connection if something could not be sent, or no answer came, and
// answer_unreadable for half an answer; what an error of the web token provider, the hook or the cache says of itself by a
// method ErrorType() string; and for what tipcreds finds itself web_token_spent,
// web_token_missing, not_a_jwt, subject_missing, subject_mismatch, bootstrap_missing,
// identity_context_missing, credentials_missing and answer_too_long. All else is _OTHER.
//
// # Stability
//
// Names, units and attributes with the prefix tipcreds are part of the surface of this
// package: they change as its functions do, announced and with a minor version. New
// attributes and new values of error.type may come with any minor version. The
// attributes error.type and http.response.status_code are stable in the conventions;
// rpc.system.name and rpc.method (release candidate), aws.request_id, cloud.region and
// the names of client spans (development) follow the conventions, announced as well.
//
// # Privacy
//
// No span and no metric holds a token, a key, an identity context or the text of an
// error, nor whose credentials they are. Who wants to see the user in a trace says so:
// [Options].Attributes.
//
// # Concurrency and cost
//
// A [Telemetry] is safe for concurrent use, and for any number of providers and pools.
// It runs nothing in the background. A program that does not import this package links
// nothing of OpenTelemetry. With it, credentials at hand cost what they cost without.
// An operation costs some microseconds with an SDK that records everything, and about
// half of one with the no-op providers; one that asks AWS takes some ten thousand. See
// BenchmarkOperation.
//
// # What it does not do
//
// It exports nothing itself, propagates no context to AWS, counts no attempts of the
// SDK, and does not log: see [tipcreds.Options].Logger.
package tipotel
