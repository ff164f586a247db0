package faults_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// dateOf is the Date of an answer.
func dateOf(t *testing.T, b *probe.Bench, address string) time.Time {
	t.Helper()
	at, err := http.ParseTime(exchange(t, b, getting(t, address)).Header.Get("Date"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestDate: every answer carries the lab's time, whatever moved its clock.
func TestDate(t *testing.T) {
	b := probe.Start(t)
	addresses := []string{
		b.Lab.Endpoint() + "/_lab/health", okta + "/v1/keys", "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
		"https://tip-demo-data.s3.eu-west-1.amazonaws.com/x",
	}
	for name, c := range map[string]struct {
		move  func()
		ahead time.Duration
	}{
		"right":   {func() {}, 0},
		"forward": {func() { b.Lab.AdvanceClock(90 * time.Minute) }, 90 * time.Minute},
		"back":    {func() { b.Lab.AdvanceClock(-36 * time.Hour) }, -36 * time.Hour},
		"set":     {func() { b.Lab.SetClock(time.Now().Add(24 * time.Hour)) }, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			b.Lab.ResetClock()
			c.move()
			for _, address := range addresses {
				if off := time.Until(dateOf(t, b, address)) - c.ahead; off.Abs() > 5*time.Second {
					t.Errorf("%s: off by %v", address, off)
				}
			}
		})
	}
	b.Lab.ResetClock()
	b.Clock.Advance(time.Hour)
	b.Lab.AdvanceClock(time.Hour)
	if off := time.Until(dateOf(t, b, addresses[0])) - 2*time.Hour; off.Abs() > 5*time.Second {
		t.Errorf("on top of a test's clock it is off by %v", off)
	}
	if off := time.Until(b.Lab.Now()) - 2*time.Hour; off.Abs() > 5*time.Second || b.Lab.ClockOffset() != time.Hour {
		t.Errorf("now is off by %v with an offset of %v", off, b.Lab.ClockOffset())
	}
}

// TestSkewedClients: a client whose clock is too far off is refused as by AWS. The Go
// SDK learns the difference from the Date, and is served at its second attempt.
func TestSkewedClients(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"the lab is ahead": time.Hour, "the lab is behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			var actor aws.CredentialsProvider
			b := probe.Start(t, func(w *lab.World) { actor = probe.Administrator(w, probe.Application) })
			labtest.Fault(t, b.Lab, lab.Fault{Name: "all", Do: lab.FaultDelay, Delay: 1})
			b.Lab.AdvanceClock(ahead)
			_, err := sts.NewFromConfig(b.Config(actor)).GetCallerIdentity(t.Context(), nil)
			probe.Expect(t, probe.Answer{Status: 403, Code: "SignatureDoesNotMatch", Message: "Signature ..."}, err)
			in := &s3.ListObjectsV2Input{Bucket: aws.String(bucket)}
			_, err = s3.NewFromConfig(b.Config(actor)).ListObjectsV2(t.Context(), in)
			probe.Expect(t, probe.Answer{Status: 403, Code: "RequestTimeTooSkewed", Message: "The difference between the request time and the current time is too large."}, err)
			client := sts.NewFromConfig(retrying(b, actor))
			for range 2 {
				_, err = client.GetCallerIdentity(t.Context(), nil)
				probe.Expect(t, probe.Answer{}, err)
			}
			objects := s3.NewFromConfig(retrying(b, actor))
			_, err = objects.ListObjectsV2(t.Context(), in)
			probe.Expect(t, probe.Answer{}, err)
		})
	}
}

// TestEndsByTheClock: sessions, presigned URLs, ID tokens and published keys end when
// the clock says so, and are good again when it is put back.
func TestEndsByTheClock(t *testing.T) {
	var reader aws.CredentialsProvider
	b := probe.Start(t, func(w *lab.World) { reader = probe.Administrator(w, probe.Application) })
	session, err := exchangeOf(b, "analyst").enhance()
	probe.Must(t, 0, err)
	jwt := idToken(b, "engineer")
	link := presign(t, b, reader)
	for _, c := range []struct {
		ahead                time.Duration
		session, token, link string
	}{
		{0, "", "", "200 OK"},
		{2 * time.Hour, "ExpiredToken", "ExpiredTokenException", "403 Forbidden"},
		{-30 * time.Minute, "", "", "403 Forbidden"},
		{0, "", "", "200 OK"},
	} {
		b.Lab.ResetClock()
		b.Lab.AdvanceClock(c.ahead)
		client := sts.NewFromConfig(retrying(b, session))
		_, err := client.GetCallerIdentity(t.Context(), nil)
		if got := ended(err); got != c.session {
			t.Errorf("%v ahead: the session gives %q, want %q", c.ahead, got, c.session)
		}
		_, err = webIdentity(b, jwt)
		if got := ended(err); got != c.token {
			t.Errorf("%v ahead: the ID token gives %q, want %q: %v", c.ahead, got, c.token, err)
		}
		if got := exchange(t, b, getting(t, link)).Status; got != c.link {
			t.Errorf("%v ahead: the presigned URL gives %s, want %s", c.ahead, got, c.link)
		}
	}
}

// TestSkewedBoto3: boto3 does not learn the difference, and is refused every time.
func TestSkewedBoto3(t *testing.T) {
	var actor aws.CredentialsProvider
	b := probe.Start(t, func(w *lab.World) { actor = probe.Administrator(w, probe.Application) })
	identity, objects := b.Foreign("boto3", "sts", actor), b.Foreign("boto3", "s3", actor)
	identity.Call("", "GetCallerIdentity")
	b.Lab.AdvanceClock(time.Hour)
	for range 2 {
		identity.Call("SignatureDoesNotMatch", "GetCallerIdentity")
		objects.Call("RequestTimeTooSkewed", "ListObjectsV2", "Bucket", bucket)
	}
	b.Lab.ResetClock()
	identity.Call("", "GetCallerIdentity")
	objects.Call("", "ListObjectsV2", "Bucket", bucket)
}
