package live

import (
	"context"
	"fmt"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// The operations that are recorded.
const (
	opWebIdentity = "AssumeRoleWithWebIdentity"
	opToken       = "CreateTokenWithIAM"
	opRole        = "AssumeRole"
	opIdentity    = "GetCallerIdentity"
)

// call is an operation that was answered.
type call struct {
	requestID string
	took      time.Duration
}

// record remembers how operations went. The exchange makes one after the other.
type record struct {
	calls map[string]call
}

// clients has those of an exchange recorded.
func (r *record) clients() tipcreds.ClientOptions {
	return tipcreds.ClientOptions{
		STS:     []func(*sts.Options){func(o *sts.Options) { o.APIOptions = append(o.APIOptions, r.install) }},
		SSOOIDC: []func(*ssooidc.Options){func(o *ssooidc.Options) { o.APIOptions = append(o.APIOptions, r.install) }},
	}
}

func (r *record) install(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("tip-cli diag", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		began := time.Now()
		out, metadata, err := next.HandleInitialize(ctx, in)
		if err == nil {
			if r.calls == nil {
				r.calls = map[string]call{}
			}
			id, _ := awsmiddleware.GetRequestIDMetadata(metadata)
			r.calls[awsmiddleware.GetOperationName(ctx)] = call{id, time.Since(began)}
		}
		return out, metadata, err
	}), middleware.Before)
}

// of says how an operation went, for the end of a line.
func (r *record) of(operation string) string {
	c, ok := r.calls[operation]
	if !ok {
		return ""
	}
	text := fmt.Sprintf(" (%d ms", c.took.Milliseconds())
	if c.requestID != "" {
		text += ", request id " + c.requestID
	}
	return text + ")"
}
