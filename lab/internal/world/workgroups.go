package world

import (
	"encoding/json"
	"errors"
	"maps"
	"sort"
	"strings"
	"time"

	"github.com/google/uuid"
)

// PrimaryWorkGroup is the name of the work group that every account has in every region.
const PrimaryWorkGroup = "primary"

// MaxWorkGroups is the quota of an account and region (Athena user guide, "Service Quotas").
const MaxWorkGroups = 1000

// WorkGroup is a work group of Athena. One that came from a [World] is not changed
// any more; [World.ChangeWorkGroup] makes another in its place.
type WorkGroup struct {
	// ARN is arn:{partition}:athena:{region}:{account}:workgroup/{name}.
	ARN, Name, Account, Region string
	Description                string
	Disabled                   bool
	// Configuration is the JSON of the API's WorkGroupConfiguration, empty for none.
	Configuration string
	// ApplicationARN is the Identity Center application of a work group with Identity Center.
	ApplicationARN string
	Tags           map[string]string
	// Created is zero for a primary work group that nobody has changed.
	Created time.Time
}

// identityCenter is the ARN of the work group's Identity Center instance, and whether
// it has Identity Center: all that the world itself needs of a configuration.
func (g *WorkGroup) identityCenter() (arn string, enabled bool) {
	var c struct {
		IdentityCenterConfiguration struct {
			EnableIdentityCenter      bool
			IdentityCenterInstanceArn string
		}
	}
	if json.Unmarshal([]byte(g.Configuration), &c) != nil || !c.IdentityCenterConfiguration.EnableIdentityCenter {
		return "", false
	}
	return c.IdentityCenterConfiguration.IdentityCenterInstanceArn, true
}

// Errors of changes to work groups.
var (
	ErrWorkGroupExists = errors.New("the account has a work group of that name in the region")
	ErrNoWorkGroup     = errors.New("there is no such work group")
	ErrWorkGroupQuota  = errors.New("too many work groups")
)

// NewWorkGroup is a work group without a configuration. It is nobody's until
// [World.AddWorkGroup].
func (w *World) NewWorkGroup(account, region, name string) *WorkGroup {
	return &WorkGroup{
		ARN: "arn:" + w.Partition + ":athena:" + region + ":" + account + ":workgroup/" + name, Name: name, Account: account, Region: region,
		Created: w.now().UTC().Truncate(time.Second),
	}
}

// primary is the work group of that name as long as nobody has changed it.
func (w *World) primary(account, region string) *WorkGroup {
	g := w.NewWorkGroup(account, region, PrimaryWorkGroup)
	g.Created = time.Time{}
	return g
}

// WorkGroup returns the work group of a name in an account and region.
func (w *World) WorkGroup(account, region, name string) (*WorkGroup, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.workGroup(account, region, name)
}

func (w *World) workGroup(account, region, name string) (*WorkGroup, bool) {
	g, ok := w.workGroups[workGroupKey(account, region, name)]
	if _, known := w.accounts[account]; !ok && known && name == PrimaryWorkGroup {
		return w.primary(account, region), true
	}
	return g, ok
}

func workGroupKey(account, region, name string) string { return account + " " + region + " " + name }

// WorkGroups returns those of an account and region in the order of their names.
func (w *World) WorkGroups(account, region string) []*WorkGroup {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var found []*WorkGroup
	if g, ok := w.workGroup(account, region, PrimaryWorkGroup); ok {
		found = append(found, g)
	}
	for _, g := range w.workGroups {
		if g.Account == account && g.Region == region && g.Name != PrimaryWorkGroup {
			found = append(found, g)
		}
	}
	sort.Slice(found, func(a, b int) bool { return found[a].Name < found[b].Name })
	return found
}

// AllWorkGroups returns those of every account and region, without the primary
// ones that nobody has changed.
func (w *World) AllWorkGroups() []*WorkGroup {
	w.mu.RLock()
	defer w.mu.RUnlock()
	all := make([]*WorkGroup, 0, len(w.workGroups))
	for _, g := range w.workGroups {
		all = append(all, g)
	}
	sort.Slice(all, func(a, b int) bool { return all[a].ARN < all[b].ARN })
	return all
}

// AddWorkGroup stores a new work group. The error is [ErrWorkGroupExists] or
// [ErrWorkGroupQuota].
func (w *World) AddWorkGroup(g *WorkGroup) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	count := 0
	for _, other := range w.workGroups {
		if other.Account == g.Account && other.Region == g.Region && other.Name != PrimaryWorkGroup {
			count++
		}
	}
	key := workGroupKey(g.Account, g.Region, g.Name)
	if _, taken := w.workGroups[key]; taken {
		return ErrWorkGroupExists
	}
	if g.Name != PrimaryWorkGroup && count+1 >= MaxWorkGroups { // primary is there anyway
		return ErrWorkGroupQuota
	}
	w.workGroups[key] = g
	return nil
}

// ChangeWorkGroup has change edit a copy of a work group and stores it. Nobody else
// changes it meanwhile. The error is that of change, or [ErrNoWorkGroup].
func (w *World) ChangeWorkGroup(account, region, name string, change func(*WorkGroup) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, ok := w.workGroup(account, region, name)
	if !ok {
		return ErrNoWorkGroup
	}
	edited := *g
	edited.Tags = maps.Clone(g.Tags)
	if err := change(&edited); err != nil {
		return err
	}
	w.workGroups[workGroupKey(account, region, name)] = &edited
	return nil
}

// RemoveWorkGroup forgets a work group. The error is [ErrNoWorkGroup].
func (w *World) RemoveWorkGroup(account, region, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := workGroupKey(account, region, name)
	if _, ok := w.workGroups[key]; !ok {
		return ErrNoWorkGroup
	}
	delete(w.workGroups, key)
	return nil
}

// JoinIdentityCenter gives a work group the application that Athena makes for it at an
// Identity Center instance.
func (g *WorkGroup) JoinIdentityCenter(i *Instance) { g.join(i, uuid.NewString()) }

func (g *WorkGroup) join(i *Instance, id string) { g.ApplicationARN = i.application(g.ARN, id) }

// application is the ARN of an application that a service makes at an instance for
// something with an ARN of the same partition.
func (in *Instance) application(arn, id string) string {
	return "arn:" + arnField(arn, 1) + ":sso::" + in.Account + ":application/" +
		strings.TrimPrefix(arnField(in.ARN, 5), "instance/") + "/apl-" + strings.ReplaceAll(id, "-", "")[:16]
}
