package tipcreds_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// exampleAWS stands for AWS in the examples.
func exampleAWS() (config aws.Config, stop func()) {
	f := newFakeAWS(nopCleanup{})
	f.on("GetCallerIdentity", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>%s</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`, assumedRoleARN)
	})
	return f.config(), f.Close
}

func Example() {
	// In a program: awsConfig, err := config.LoadDefaultConfig(ctx)
	awsConfig, stop := exampleAWS()
	defer stop()

	provider, err := tipcreds.New(
		"arn:aws:iam::444455556666:role/Analyst",
		"arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		func(context.Context) (string, error) {
			// A fresh ID token of the user, from wherever the program has it.
			return webToken, nil
		},
		func(o *tipcreds.Options) {
			o.ApplicationRoleARN = "arn:aws:iam::444455556666:role/TIPApplication"
			o.AWSConfig = awsConfig
			o.IdentityCenterRegion = "eu-central-1"
		})
	if err != nil {
		fmt.Println(err)
		return
	}

	awsConfig.Credentials = provider
	who, err := sts.NewFromConfig(awsConfig).GetCallerIdentity(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(aws.ToString(who.Arn))
	// Output: arn:aws:sts::444455556666:assumed-role/Analyst/tip-906764c2-1031-70b4-1d5e-2d8d1d7e7f01
}

// A command that keeps its JWT on disk records there that the JWT is used,
// before it is.
func ExampleProvider_Exchange() {
	awsConfig, stop := exampleAWS()
	defer stop()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()

	provider, err := tipcreds.New(accessRole, application,
		func(context.Context) (string, error) { return "", errors.New("not used by Exchange") },
		func(o *tipcreds.Options) {
			o.ApplicationRoleARN = applicationRole
			o.AWSConfig = awsConfig
			o.BeforeCreateToken = func(context.Context, string) error {
				return os.WriteFile(dir+"/spent", nil, 0o600)
			}
		})
	if err != nil {
		fmt.Println(err)
		return
	}
	session, err := provider.Exchange(context.Background(), webToken)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("user", session.UserID)
	_, err = os.Stat(dir + "/spent")
	fmt.Println("recorded", err == nil)
	// Output:
	// user 906764c2-1031-70b4-1d5e-2d8d1d7e7f01
	// recorded true
}

func ExampleExchangeError() {
	err := error(&tipcreds.ExchangeError{
		Step: tipcreds.StepCreateToken, Code: "AccessDeniedException", HTTPStatus: 400, JWTSpent: true,
	})
	if e, ok := errors.AsType[*tipcreds.ExchangeError](err); ok {
		fmt.Println(e)
		fmt.Println("may be sent again:", !e.JWTSpent)
		fmt.Println(strings.SplitAfter(e.Hint(), "admit")[0], "...")
	}
	// Output:
	// create token with IAM: AccessDeniedException (HTTP 400)
	// may be sent again: false
	// either the application's actor policy or authentication method (IAM) does not admit ...
}

// A server has one pool and one client of each service for all its users, and hands the
// credentials of the user over with each call.
func ExamplePool() {
	awsConfig, stop := exampleAWS()
	defer stop()
	ctx := context.Background()

	pool, err := tipcreds.NewPool(accessRole, application, func(o *tipcreds.PoolOptions) {
		o.ApplicationRoleARN, o.AWSConfig = applicationRole, awsConfig
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client := sts.NewFromConfig(pool.Config(awsConfig)) // refuses another user's key

	// For each request; the package bearer does this part.
	subject, err := tipcreds.UnverifiedSubject(exampleJWT) // in a server: from a token that was verified
	if err != nil {
		fmt.Println(err)
		return
	}
	user := pool.For(subject, func(context.Context) (string, error) { return exampleJWT, nil })
	ctx = tipcreds.WithUser(ctx, user)

	// In the handler.
	user, _ = tipcreds.UserFrom(ctx)
	who, err := client.GetCallerIdentity(ctx, nil, func(o *sts.Options) { o.Credentials = user })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(user.Subject(), "is", aws.ToString(who.Arn))

	_, err = client.GetCallerIdentity(ctx, nil) // the user's credentials were forgotten
	fmt.Println("refused:", errors.Is(err, tipcreds.ErrNoUser))
	// Output:
	// 00u1 of https://idp.example.com is arn:aws:sts::444455556666:assumed-role/Analyst/tip-906764c2-1031-70b4-1d5e-2d8d1d7e7f01
	// refused: true
}

// exampleJWT is of subject 00u1 of https://idp.example.com.
const exampleJWT = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbSIsInN1YiI6IjAwdTEifQ.c2ln"

// All clients of a program with one user.
func ExampleConfig() {
	awsConfig, stop := exampleAWS()
	defer stop()
	provider, err := tipcreds.New(accessRole, application,
		func(context.Context) (string, error) { return webToken, nil },
		func(o *tipcreds.Options) { o.ApplicationRoleARN, o.AWSConfig = applicationRole, awsConfig })
	if err != nil {
		fmt.Println(err)
		return
	}
	mine := tipcreds.Config(awsConfig, provider)
	who, err := sts.NewFromConfig(mine).GetCallerIdentity(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(aws.ToString(who.Arn))
	// Output: arn:aws:sts::444455556666:assumed-role/Analyst/tip-906764c2-1031-70b4-1d5e-2d8d1d7e7f01
}
