package s3agcreds_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

func crossRegion(o *s3agcreds.Options) { o.CrossRegion, o.AccountID = true, owner }

// TestResolveRegion has the numbers of the case list that are about the region.
func TestResolveRegion(t *testing.T) {
	t.Run("case 60: Express bucket, skipped", func(t *testing.T) {
		f := newAWSFake()
		p := f.plugin(t, crossRegion)
		for _, bucket := range []string{"data--euw1-az1--x-s3", "alias-metadata-s3alias", "arn:aws:s3::111122223333:accesspoint/a.mrap"} {
			if region, err := p.Region(t.Context(), bucket); err != nil || region != "eu-west-1" {
				t.Errorf("%s: %s, %v", bucket, region, err)
			}
		}
		if len(f.count()) != 0 {
			t.Errorf("%v", f.count())
		}
	})
	t.Run("case 61: two region look-ups, one HeadBucket", func(t *testing.T) {
		f := newAWSFake()
		f.head = func(calledAWS) (int, string) { return 200, "us-west-2" }
		p := f.plugin(t, crossRegion)
		if region, err := p.Region(t.Context(), "team-data"); err != nil || region != "us-west-2" {
			t.Errorf("%s, %v", region, err)
		}
		for _, target := range []string{"s3://team-data/a", "s3://team-data/b"} {
			if _, err := ask(t, p, nil, target); err != nil {
				t.Error(err)
			}
		}
		if got := f.last("HeadBucket"); got != (calledAWS{Operation: "HeadBucket", Host: "team-data.s3.eu-west-1.amazonaws.com"}) {
			t.Errorf("not unsigned: %+v", got)
		}
		if got := f.last(getAccess); got.Region != "us-west-2" || got.Host != owner+".s3-control.us-west-2.amazonaws.com" {
			t.Errorf("%+v", got)
		}
		if diff := cmp.Diff(map[string]int{"HeadBucket": 1, getAccess: 2}, f.count()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	for _, status := range []int{301, 307, 400, 403} {
		t.Run("case 62: 301/403 with the region header, that region", func(t *testing.T) {
			f := newAWSFake()
			f.head = func(calledAWS) (int, string) { return status, "ap-south-1" }
			if region, err := f.plugin(t).Region(t.Context(), "team-data"); err != nil || region != "ap-south-1" || f.count()["HeadBucket"] != 1 {
				t.Errorf("%d: %s, %v after %v", status, region, err, f.count())
			}
		})
	}
	for name, tt := range map[string]struct {
		status int
		region string
		is     bool
		kind   s3agcreds.Kind
		tries  int
	}{
		"301":                        {301, "", true, s3agcreds.KindOther, 1},
		"404":                        {404, "", true, s3agcreds.KindOther, 1},
		"403":                        {403, "", true, s3agcreds.KindOther, 1},
		"200":                        {200, "", true, s3agcreds.KindOther, 1},
		"a header that is no region": {301, "evil.example.com/", true, s3agcreds.KindOther, 1},
		"a long one":                 {301, strings.Repeat("a", 41), true, s3agcreds.KindOther, 1},
		"503":                        {503, "", false, s3agcreds.KindUnavailable, 2},
		"429":                        {429, "", false, s3agcreds.KindUnavailable, 1},
	} {
		t.Run("case 63: 301 without it, or 404, an error, not cached: "+name, func(t *testing.T) {
			f := newAWSFake()
			f.head = func(calledAWS) (int, string) { return tt.status, tt.region }
			p := f.plugin(t, crossRegion)
			_, err := ask(t, p, nil, "s3://team-data/a")
			if e := dataAccessError(t, err); errors.Is(err, s3agcreds.ErrBucketRegion) != tt.is || e.Kind != tt.kind || e.Operation != "HeadBucket" || f.count()["HeadBucket"] != tt.tries {
				t.Errorf("%s after %v: %v", e.Kind, f.count(), err)
			}
			if strings.Contains(err.Error(), "\n") || f.count()[getAccess] != 0 {
				t.Errorf("%q after %v", err, f.count())
			}
			f.head = newAWSFake().head
			if _, err := ask(t, p, nil, "s3://team-data/a"); err != nil || f.count()["HeadBucket"] != tt.tries+1 {
				t.Errorf("then: %v after %v", err, f.count())
			}
		})
	}
	t.Run("case 64: cross-region off, no HeadBucket", func(t *testing.T) {
		f := newAWSFake()
		p := f.plugin(t)
		if _, err := ask(t, p, nil, "s3://team-data/a"); err != nil || f.count()["HeadBucket"] != 0 {
			t.Errorf("%v after %v", err, f.count())
		}
	})
}

// TestRegionOfTheClient: the region of the S3 client is asked, and without CrossRegion its
// instance. A call that is led to another region asks the instance there.
func TestRegionOfTheClient(t *testing.T) {
	f := newAWSFake()
	p := f.plugin(t, func(o *s3agcreds.Options) { o.AccountID = owner })
	client := s3.NewFromConfig(f.config(), p.Install)
	for _, region := range []string{"eu-west-1", "us-west-2"} {
		in := &s3.GetObjectInput{Bucket: aws.String("team-data"), Key: aws.String("k")}
		out, err := client.GetObject(t.Context(), in, func(o *s3.Options) { o.Region = region })
		if err != nil {
			t.Fatal(err)
		}
		_ = out.Body.Close()
		if got := f.last(getAccess); got.Region != region {
			t.Errorf("%s: %+v", region, got)
		}
		if got := f.last("GET"); got.Region != region || got.Key != "ASIAVENDED"+owner {
			t.Errorf("%s: %+v", region, got)
		}
	}
	far := f.plugin(t, crossRegion)
	client = s3.NewFromConfig(f.config(), far.Install, func(o *s3.Options) { o.Region = "us-west-2" })
	if _, err := client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("other-data"), Key: aws.String("k")}); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := len(f.calls) - 3; f.calls[i].Host != "other-data.s3.us-west-2.amazonaws.com" || f.calls[i+1].Region != "eu-west-1" {
		t.Errorf("%+v", f.calls[i:])
	}
}
