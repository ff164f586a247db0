package s3control

import (
	"context"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

var (
	directoryID  = regexp.MustCompile(`^(?:[0-9a-f]{10}-)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	principalARN = regexp.MustCompile(`^arn:[a-z-]+:iam::[0-9]{12}:(?:role|user)/[\w+=,.@/-]+$`)
)

func (h *handlers) createAccessGrant(_ context.Context, c *awswire.Caller, in *s3control.CreateAccessGrantInput) (*s3control.CreateAccessGrantOutput, error) {
	tags, tagsErr := tagsOf(in.Tags)
	made := h.asked(in)
	made.Tags = tags
	var scopeErr error
	session, g, err := h.permit(c, *in.AccountId, func(g *world.AccessGrants, q *question) {
		q.below = "/grant/*"
		if h.world.Switches.AccessGrantsCreateOn == "container" {
			q.below = "/location/" + made.LocationID
		}
		if l, ok := g.Location(made.LocationID); ok {
			if made.Scope, scopeErr = h.world.GrantScope(g, l, made.SubPrefix, made.Object); scopeErr == nil {
				q.keys.Set(grantScope, made.Scope)
			}
		}
		requestTags(q.keys, tags)
	})
	if err != nil {
		return nil, err
	}
	if tagsErr != nil {
		return nil, tagsErr
	}
	if scopeErr != nil {
		return nil, refuse("InvalidAccessGrant")
	}
	if err := h.completeGrant(c, session, g, made, aws.ToString(in.ApplicationArn)); err != nil {
		return nil, err
	}
	if err := h.addGrant(g, made); err != nil {
		return nil, err
	}
	return created(made), nil
}

// asked is the grant that a request asks for, before anything of it is checked.
func (h *handlers) asked(in *s3control.CreateAccessGrantInput) *world.Grant {
	n := &world.Grant{
		ID: uuid.NewString(), LocationID: *in.AccessGrantsLocationId, Object: in.S3PrefixType == types.S3PrefixTypeObject,
		Permission: string(in.Permission), Grantee: world.GranteeType(in.Grantee.GranteeType), GranteeID: aws.ToString(in.Grantee.GranteeIdentifier),
		Created: h.now(),
	}
	if in.AccessGrantsLocationConfiguration != nil {
		n.SubPrefix = aws.ToString(in.AccessGrantsLocationConfiguration.S3SubPrefix)
	}
	return n
}

// completeGrant looks at the location, the grantee and the application of a grant about to be made.
func (h *handlers) completeGrant(c *awswire.Caller, s *world.Session, g *world.AccessGrants, n *world.Grant, application string) (err error) {
	if _, ok := g.Location(n.LocationID); !ok {
		return refuse("NoSuchAccessGrantsLocationError")
	}
	if n.Grantee == world.IAMGrantee {
		err = h.iamGrantee(n)
	} else {
		err = h.directoryGrantee(c, s, g, n)
	}
	if err != nil {
		return err
	}
	if n.ApplicationARN, err = h.world.GrantApplication(g, n.Grantee, application); err != nil {
		return refuse("InvalidAccessGrant")
	}
	return nil
}

func (h *handlers) iamGrantee(n *world.Grant) error {
	if !principalARN.MatchString(n.GranteeID) || !strings.HasPrefix(n.GranteeID, "arn:"+h.world.Partition+":") ||
		*h.world.Switches.IAMGranteeMustExist && !h.world.HasPrincipal(n.GranteeID) {
		return refuse("InvalidAccessGrant")
	}
	return nil
}

// directoryGrantee wants the caller allowed to look the grantee up, and looks it up.
func (h *handlers) directoryGrantee(c *awswire.Caller, s *world.Session, g *world.AccessGrants, n *world.Grant) error {
	if g.IdentityCenter == nil {
		return refuse(h.world.Switches.DirectoryGrantRefusal)
	}
	if !directoryID.MatchString(n.GranteeID) {
		return refuse("InvalidAccessGrant")
	}
	kind, action := "user", "identitystore:DescribeUser"
	if n.Grantee == world.DirectoryGroup {
		kind, action = "group", "identitystore:DescribeGroup"
	}
	for _, needed := range []struct{ action, resource string }{
		{"sso:DescribeInstance", g.IdentityCenter.ARN}, {"sso:DescribeApplication", g.ApplicationARN},
		{action, "arn:" + h.world.Partition + ":identitystore:::" + kind + "/" + n.GranteeID}, {action, g.IdentityCenter.IdentityStoreARN},
	} {
		if err := h.also(c, s, needed.action, needed.resource, nil); err != nil {
			return err
		}
	}
	var found bool
	if kind == "group" {
		_, found = h.world.Group(g.IdentityCenter, n.GranteeID)
	} else {
		_, found = h.world.User(g.IdentityCenter, n.GranteeID)
	}
	if !found {
		return refuse("InvalidAccessGrant")
	}
	return nil
}

// addGrant adds a grant if what it was checked against is still so.
func (h *handlers) addGrant(checked *world.AccessGrants, n *world.Grant) error {
	_, err := h.world.ChangeAccessGrants(checked.Account, checked.Region, func(g *world.AccessGrants) error {
		if _, ok := g.Location(n.LocationID); !ok {
			return world.ErrNoLocation
		}
		if n.Grantee != world.IAMGrantee && g.IdentityCenter != checked.IdentityCenter {
			return refuse(h.world.Switches.DirectoryGrantRefusal)
		}
		return g.AddGrant(n)
	})
	return refused(err, checked)
}

func created(n *world.Grant) *s3control.CreateAccessGrantOutput {
	return &s3control.CreateAccessGrantOutput{
		CreatedAt: &n.Created, AccessGrantId: &n.ID, AccessGrantArn: &n.ARN, AccessGrantsLocationId: &n.LocationID,
		AccessGrantsLocationConfiguration: configuration(n), Grantee: granteeOf(n), Permission: types.Permission(n.Permission),
		GrantScope: &n.Scope, ApplicationArn: applicationOf(n),
	}
}
