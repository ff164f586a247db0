package s3agcreds

import (
	"context"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// middlewareID names what looks at the parameters of a call.
const middlewareID = "s3agcreds.Request"

// addMiddleware adds to a call what tells the credentials what it is about.
func (p *Plugin) addMiddleware(stack *middleware.Stack) error {
	if _, there := stack.Initialize.Get(middlewareID); there {
		return nil // installed for the client, and for the call
	}
	addFeature(stack)
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc(middlewareID, p.look), middleware.After)
}

func (p *Plugin) look(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	if r := requestOf(in.Parameters); r != nil {
		r.region = awsmiddleware.GetRegion(ctx)
		ctx = withRequest(ctx, r)
	}
	return next.HandleInitialize(ctx, in)
}

// addFeature puts the SDK's feature id of S3 Access Grants into the User-Agent header.
func addFeature(stack *middleware.Stack) {
	m, _ := stack.Build.Get((*awsmiddleware.RequestUserAgent)(nil).ID())
	if agent, ok := m.(*awsmiddleware.RequestUserAgent); ok {
		agent.AddUserAgentFeature(awsmiddleware.UserAgentFeatureS3AccessGrants)
	}
}
