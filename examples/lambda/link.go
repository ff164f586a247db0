package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds"
	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

// linkLife is how long a link can be followed, unless its credentials end before.
const linkLife = 5 * time.Minute

// link is the answer to a request that is granted.
type link struct {
	URL     string    `json:"url"`
	Expires time.Time `json:"expires"`
}

// serveLink answers a request of somebody whom the middleware knows.
func (f *function) serveLink(w http.ResponseWriter, r *http.Request) {
	user, _ := tipcreds.UserFrom(r.Context())
	made, err := f.link(r.Context(), user, r.URL.Query().Get("object"))
	if err != nil {
		refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // an address has many ampersands
	_ = encoder.Encode(made)     // into memory
}

// refuse answers an error: one that says something about the token, the user or the
// way to AWS in the words of the middleware.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	if bearer.Error(w, r, err) {
		return
	}
	bearer.Error(w, r, &bearer.RefusalError{
		Status: http.StatusBadGateway, Code: bearer.CodeServerError, Description: "S3 Access Grants gave no credentials", Err: err,
	})
}

var errObject = errors.New("the query has no object of the form s3://bucket/key")

func (f *function) link(ctx context.Context, user *tipcreds.User, object string) (*link, error) {
	bucket, key, found := strings.Cut(strings.TrimPrefix(object, "s3://"), "/")
	if !found || key == "" || strings.HasSuffix(key, "*") || s3agcreds.ValidateTarget(object) != nil {
		return nil, &bearer.RefusalError{
			Status: http.StatusBadRequest, Code: "invalid_parameter", Description: "ask for ?object=s3://BUCKET/KEY", Err: errObject,
		}
	}
	grant, err := f.grant(ctx, user, object)
	if err != nil {
		return nil, err
	}
	return f.presign(ctx, bucket, key, grant)
}

// grant asks S3 Access Grants, signed as the user, for credentials that read this
// object and nothing else: they are what the link is signed with.
func (f *function) grant(ctx context.Context, user *tipcreds.User, object string) (*s3agcreds.Grant, error) {
	client := s3control.New(f.control.Options(), func(o *s3control.Options) { o.Credentials = user })
	provider, err := s3agcreds.NewProvider(client, f.account, object, types.PermissionRead, func(o *s3agcreds.ProviderOptions) {
		o.Privilege, o.TargetType = types.PrivilegeMinimal, types.S3PrefixTypeObject
	})
	if err != nil {
		return nil, err
	}
	return provider.Grant(ctx)
}

// presign asks nobody. Whether the object exists is for S3 to say.
func (f *function) presign(ctx context.Context, bucket, key string, grant *s3agcreds.Grant) (*link, error) {
	provider := credentials.StaticCredentialsProvider{Value: grant.Credentials}
	life := min(linkLife, time.Until(grant.ExpiresAt)).Truncate(time.Second)
	request, err := f.links.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)},
		s3.WithPresignExpires(life),
		s3.WithPresignClientFromClientOptions(func(o *s3.Options) { o.Credentials = provider }))
	if err != nil {
		return nil, fmt.Errorf("sign the link: %w", err)
	}
	return &link{URL: request.URL, Expires: time.Now().Add(life).UTC().Truncate(time.Second)}, nil
}
