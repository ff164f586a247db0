package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// withRole is a desk that has a role session.
func withRole(t *testing.T) *desk {
	t.Helper()
	d := signedIn(t)
	if _, err := d.RoleCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.seen()
	return d
}

func readReports(edits ...func(*session.GrantRequest)) session.GrantRequest {
	r := session.GrantRequest{Target: "s3://tip-demo-data/reports/", Permission: types.PermissionRead}
	for _, edit := range edits {
		edit(&r)
	}
	return r
}

func because(why string) func(*session.GrantRequest) {
	return func(r *session.GrantRequest) { r.AuditContext = why }
}

// get wants credentials and that these operations were seen for them.
func (d *desk) get(t *testing.T, r session.GrantRequest, seen string) store.S3Entry {
	t.Helper()
	e, err := d.DataAccess(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.seen(); got != seen {
		t.Errorf("seen %q, want %q", got, seen)
	}
	return e
}

// CloudTrail tells why credentials were vended: those of another reason do not serve.
func TestAuditContext(t *testing.T) {
	d := withRole(t)
	plain := d.get(t, readReports(), "GetDataAccess")
	nightly := d.get(t, readReports(because("nightly")), "GetDataAccess")
	again := d.get(t, readReports(because("nightly")), "")
	d.get(t, readReports(because("monthly")), "GetDataAccess")
	if nightly.AccessKeyID == plain.AccessKeyID || again.AccessKeyID != nightly.AccessKeyID {
		t.Error("credentials of another reason were handed out")
	}
	if e := d.get(t, readReports(), ""); e.AccessKeyID != plain.AccessKeyID {
		t.Error("without a reason those of another are handed out")
	}
	var recorded []string
	for _, e := range d.lab.Events() {
		if e.EventName == "GetDataAccess" {
			recorded = append(recorded, fmt.Sprint(e.RequestParameters["auditContext"]))
		}
	}
	if !slices.Equal(recorded, []string{"<nil>", "nightly", "monthly"}) {
		t.Errorf("recorded %q", recorded)
	}
}

// The endpoint follows the region, and what is stored serves the same one only.
func TestGrantRegion(t *testing.T) {
	d := withRole(t)
	far := readReports(func(r *session.GrantRequest) { r.Region = "us-east-1" })
	_, err := d.DataAccess(t.Context(), far)
	if refused, ok := errors.AsType[*s3agcreds.DataAccessError](err); !ok || refused.Kind != s3agcreds.KindNoInstance {
		t.Errorf("a region without an instance: %v", err)
	}
	hosts := map[string]bool{}
	for _, r := range d.proxy.Requests() {
		hosts[r.Host] = true
	}
	if !hosts["444455556666.s3-control.us-east-1.amazonaws.com"] {
		t.Errorf("asked %v", hosts)
	}
	d.seen()
	near := d.get(t, readReports(), "GetDataAccess")
	named := d.get(t, readReports(func(r *session.GrantRequest) { r.Region = "eu-west-1" }), "") // which is the session's
	if named.AccessKeyID != near.AccessKeyID || named.Region != "eu-west-1" {
		t.Errorf("of region %q", named.Region)
	}
}

// siblings are paths under the grant of the reports.
func siblings(n int) (all []session.GrantRequest) {
	for i := range n {
		all = append(all, readReports(func(r *session.GrantRequest) { r.Target += fmt.Sprintf("%d/", i) }))
	}
	return all
}

// atOnce asks for all, each as a process of its own would, and returns the keys and
// the errors.
func (d *desk) atOnce(t *testing.T, all []session.GrantRequest) (keys []string, errs []error) {
	t.Helper()
	var together sync.WaitGroup
	keys, errs = make([]string, len(all)), make([]error, len(all))
	for i, r := range all {
		s := d.open(t, d.config)
		together.Go(func() {
			e, err := s.DataAccess(t.Context(), r)
			keys[i], errs[i] = e.AccessKeyID, err
		})
	}
	together.Wait()
	return keys, errs
}

func TestCommandTakesTurns(t *testing.T) {
	t.Run("case 27: siblings under one target, one call", func(t *testing.T) {
		d := withRole(t)
		keys, errs := d.atOnce(t, siblings(20))
		if len(slices.Compact(slices.Sorted(slices.Values(keys)))) != 1 || errors.Join(errs...) != nil {
			t.Errorf("keys %v, %v", keys, errors.Join(errs...))
		}
		if got := d.seen(); got != "GetDataAccess" {
			t.Error(got)
		}
	})
	t.Run("case 34: N concurrent misses, one GetDataAccess", func(t *testing.T) {
		original(t, "a peer asks for each")
		d := withRole(t)
		if _, errs := d.atOnce(t, slices.Repeat([]session.GrantRequest{readReports()}, 20)); errors.Join(errs...) != nil || d.seen() != "GetDataAccess" {
			t.Error(errors.Join(errs...))
		}
	})
	t.Run("case 34: also if all the life of a new one is wanted", func(t *testing.T) {
		d := withRole(t)
		whole := readReports(func(r *session.GrantRequest) { r.MinTTL = time.Hour })
		if _, errs := d.atOnce(t, slices.Repeat([]session.GrantRequest{whole}, 10)); errors.Join(errs...) != nil || d.seen() != "GetDataAccess" {
			t.Error(errors.Join(errs...))
		}
	})
	t.Run("case 32: a forced new credential wins, and each is one of its own", func(t *testing.T) {
		d := withRole(t)
		d.get(t, readReports(), "GetDataAccess")
		forced := readReports(func(r *session.GrantRequest) { r.Force = true })
		keys, errs := d.atOnce(t, slices.Repeat([]session.GrantRequest{forced}, 5))
		if len(slices.Compact(slices.Sorted(slices.Values(keys)))) != 5 || errors.Join(errs...) != nil || strings.Count(d.seen(), "GetDataAccess") != 5 {
			t.Errorf("keys %v, %v", keys, errors.Join(errs...))
		}
		if e := d.get(t, readReports(), ""); !slices.Contains(keys, e.AccessKeyID) {
			t.Error("the old one is handed out")
		}
	})
	t.Run("case 35: failed leader: the next call retries", func(t *testing.T) {
		d := withRole(t)
		d.strike("GetDataAccess", slices.Repeat([]proxytest.Hook{slowDown}, 3)...)
		if _, err := d.DataAccess(t.Context(), readReports()); err == nil {
			t.Fatal("it did not fail")
		}
		d.seen()
		d.get(t, readReports(), "GetDataAccess")
	})
}

// A denial serves those who waited for it and nobody who comes later.
func TestCommandSharesDenials(t *testing.T) {
	private := readReports(func(r *session.GrantRequest) { r.Target = "s3://tip-demo-data/private/x" })
	const asked = "GetDataAccess GetAccessGrantsInstanceForPrefix"
	kinds := func(t *testing.T, errs []error) {
		t.Helper()
		for _, err := range errs {
			refused, ok := errors.AsType[*s3agcreds.DataAccessError](err)
			if !ok || refused.Kind != s3agcreds.KindNoGrant || refused.Target != private.Target || refused.Permission != private.Permission {
				t.Errorf("%v", err)
			}
		}
	}
	t.Run("those who wait", func(t *testing.T) {
		d := withRole(t)
		_, errs := d.atOnce(t, slices.Repeat([]session.GrantRequest{private}, 20))
		kinds(t, errs)
		if n := strings.Count(d.seen(), asked); n > 5 { // mostly 1; a process that came late asks
			t.Errorf("%d of 20 asked", n)
		}
	})
	t.Run("who comes later asks again, for it may have been granted by now", func(t *testing.T) {
		d := withRole(t)
		for range 2 {
			if _, err := d.DataAccess(t.Context(), private); err == nil || d.seen() != asked {
				t.Error(err)
			}
		}
	})
	t.Run("case 40: a sibling asks", func(t *testing.T) {
		original(t, "a peer denies it unasked")
		d := withRole(t)
		all := slices.Repeat([]session.GrantRequest{private}, 4)
		for i := range all {
			all[i].Target += fmt.Sprint(i)
		}
		_, errs := d.atOnce(t, all)
		for i, err := range errs {
			if err == nil || !strings.Contains(err.Error(), all[i].Target+" ") {
				t.Errorf("%s: %v", all[i].Target, err)
			}
		}
		if n := strings.Count(d.seen(), "GetDataAccess"); n != 4 {
			t.Errorf("%d of 4 asked", n)
		}
	})
	t.Run("case 32: who insists takes over no denial", func(t *testing.T) {
		d := withRole(t)
		forced := private
		forced.Force = true
		_, errs := d.atOnce(t, slices.Repeat([]session.GrantRequest{forced}, 4))
		all := errors.Join(errs...)
		if n := strings.Count(d.seen(), "GetDataAccess"); n != 4 || all == nil {
			t.Errorf("%d of 4 asked: %v", n, all)
		}
	})
	t.Run("case 42: a covering grant beats a denial", func(t *testing.T) {
		d := withRole(t)
		d.get(t, readReports(), "GetDataAccess")
		_, errs := d.atOnce(t, append(siblings(3), private))
		if errors.Join(errs[:3]...) != nil || errs[3] == nil {
			t.Error(errs)
		}
	})
}

// Keys that AWS does not know are replaced once for all who wait.
func TestTurnsWithRefusedKeys(t *testing.T) {
	d := withRole(t)
	role, err := d.store.LoadRole()
	if err != nil {
		t.Fatal(err)
	}
	d.proxy.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) == "GetDataAccess" && strings.Contains(r.Header.Get("Authorization"), role.AccessKeyID) {
			answerXML(http.StatusForbidden, "InvalidAccessKeyId")(w, r, forward)
			return
		}
		forward(w, r)
	})
	if _, errs := d.atOnce(t, siblings(5)); errors.Join(errs...) != nil {
		t.Error(errors.Join(errs...))
	}
	if got := d.seen(); strings.Count(got, "CreateTokenWithIAM") > 1 || strings.Count(got, "GetDataAccess") > 6 {
		t.Error(got)
	}
}
