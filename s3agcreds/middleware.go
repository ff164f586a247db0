package s3agcreds

import (
	"context"
	"errors"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// watch looks at the parameters of a call, and at its failure.
type watch struct{ plugin *Plugin }

var (
	_ middleware.InitializeMiddleware  = watch{}
	_ middleware.DeserializeMiddleware = watch{}
)

// addMiddleware adds to a call what tells the credentials what it is about. If a plugin
// was installed for the client and one for the call, the latter's takes its place.
func (p *Plugin) addMiddleware(stack *middleware.Stack) error {
	w := watch{p}
	if _, there := stack.Deserialize.Get(w.ID()); there {
		_, err := stack.Deserialize.Swap(w.ID(), w)
		return err
	}
	addFeature(stack)
	if err := stack.Initialize.Add(w, middleware.After); err != nil {
		return err
	}
	return stack.Deserialize.Add(w, middleware.Before)
}

// ID implements the interfaces of middlewares.
func (watch) ID() string { return "s3agcreds" }

// HandleInitialize implements [middleware.InitializeMiddleware].
func (watch) HandleInitialize(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	if r := requestOf(in.Parameters); r != nil {
		r.region = awsmiddleware.GetRegion(ctx)
		ctx = withRequest(ctx, r)
	}
	return next.HandleInitialize(ctx, in)
}

// HandleDeserialize implements [middleware.DeserializeMiddleware]. It forgets a grant
// whose credentials S3 no longer takes, so that the next call asks for others.
func (w watch) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if err == nil || !stale(err) {
		return out, metadata, err
	}
	if r := requestFrom(ctx); r != nil {
		if g := r.signed.Load(); g != nil {
			w.plugin.grants.Drop(g)
		}
	}
	return out, metadata, err
}

// stale reports whether S3 no longer takes the credentials. A HEAD request has no
// answer to tell by.
func stale(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	switch api.ErrorCode() {
	case "ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "TokenRefreshRequired":
		return true
	}
	return false
}

// addFeature puts the SDK's feature id of S3 Access Grants into the User-Agent header.
func addFeature(stack *middleware.Stack) {
	m, _ := stack.Build.Get((*awsmiddleware.RequestUserAgent)(nil).ID())
	if agent, ok := m.(*awsmiddleware.RequestUserAgent); ok {
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureS3AccessGrants)
	}
}
