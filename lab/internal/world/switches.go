package world

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/lab/assumptions"
)

// Switches choose a reading of AWS where the sources are silent or disagree.
// Each field has an entry of the same name in lab/assumptions, which says what
// is believed and why. Zero values are replaced by the ledger's defaults.
type Switches struct {
	LoopbackIssuers           *bool    `yaml:"loopbackIssuers"`
	RequireJTI                *bool    `yaml:"requireJti"`
	SingleUseWithoutJTI       *bool    `yaml:"singleUseWithoutJti"`
	ReplayMemory              *int     `yaml:"replayMemory"`
	ExpiredAssertion          string   `yaml:"expiredAssertion"`
	NoMatchingUser            string   `yaml:"noMatchingUser"`
	DisabledUser              string   `yaml:"disabledUser"`
	MissingGrant              string   `yaml:"missingGrant"`
	UnauthorizedIssuer        string   `yaml:"unauthorizedIssuer"`
	CallerPolicyForToken      *bool    `yaml:"callerPolicyForToken"`
	IdentityContextAllowList  []string `yaml:"identityContextAllowList"`
	BadContextAssertion       string   `yaml:"badContextAssertion"`
	ExternalIDPath            string   `yaml:"externalIdPath"`
	FoldUserAttributes        *bool    `yaml:"foldUserAttributes"`
	MaxTokenAge               *int     `yaml:"maxTokenAge"`
	ClockLeeway               *int     `yaml:"clockLeeway"`
	CombineReadAndWrite       *bool    `yaml:"combineReadAndWrite"`
	GranteeOnTies             string   `yaml:"granteeOnTies"`
	CallerGrantsOfRole        *bool    `yaml:"callerGrantsOfRole"`
	SessionEndsWithContext    *bool    `yaml:"sessionEndsWithContext"`
	CentralTokenAlgorithm     string   `yaml:"centralTokenAlgorithm"`
	RequireScope              *bool    `yaml:"requireScope"`
	KeyCacheSeconds           *int     `yaml:"keyCacheSeconds"`
	SpendOnRefusal            *bool    `yaml:"spendOnRefusal"`
	LocationRoleMaximum       *bool    `yaml:"locationRoleMaximum"`
	VendedSessionPrefix       string   `yaml:"vendedSessionPrefix"`
	TokenEventSource          string   `yaml:"tokenEventSource"`
	BareBucketTarget          *bool    `yaml:"bareBucketTarget"`
	TokenTags                 *bool    `yaml:"tokenTags"`
	NestedClaims              *bool    `yaml:"nestedClaims"`
	AssertionMaxAge           *int     `yaml:"assertionMaxAge"`
	SetContextDenial          string   `yaml:"setContextDenial"`
	ReplayedAssertion         string   `yaml:"replayedAssertion"`
	FollowKeyRedirects        *bool    `yaml:"followKeyRedirects"`
	AccessGrantsValidation    string   `yaml:"accessGrantsValidation"`
	TokenSignatureStatus      string   `yaml:"tokenSignatureStatus"`
	MissingTokenText          string   `yaml:"missingTokenText"`
	VendedSessionsNamePerson  *bool    `yaml:"vendedSessionsNamePerson"`
	PackedSizeCountsContext   *bool    `yaml:"packedSizeCountsContext"`
	UnreachableIssuer         string   `yaml:"unreachableIssuer"`
	AdditionalDetails         *bool    `yaml:"additionalDetails"`
	ExpiredRefreshToken       string   `yaml:"expiredRefreshToken"`
	RefreshTokenRotation      string   `yaml:"refreshTokenRotation"`
	DirectoryAcrossAccounts   *bool    `yaml:"directoryAcrossAccounts"`
	SecretStageKey            string   `yaml:"secretStageKey"`
	AccessGrantsCreateOn      string   `yaml:"accessGrantsCreateOn"`
	LocationRoleChecked       *bool    `yaml:"locationRoleChecked"`
	LocationBucketMustExist   *bool    `yaml:"locationBucketMustExist"`
	GrantScopeStar            *bool    `yaml:"grantScopeStar"`
	IAMGranteeMustExist       *bool    `yaml:"iamGranteeMustExist"`
	DirectoryGrantRefusal     string   `yaml:"directoryGrantRefusal"`
	AssociatedInstanceRefusal string   `yaml:"associatedInstanceRefusal"`
	SecondAssociation         string   `yaml:"secondAssociation"`
	GrantScopeFilter          string   `yaml:"grantScopeFilter"`
	DirectorySourceIdentity   *bool    `yaml:"directorySourceIdentity"`
	VendedPolicySize          string   `yaml:"vendedPolicySize"`
	GrantOfEverything         *bool    `yaml:"grantOfEverything"`
	SubPrefixSlash            *bool    `yaml:"subPrefixSlash"`
	ForeignAccountForPrefix   string   `yaml:"foreignAccountForPrefix"`
	VendedSourceIdentity      *bool    `yaml:"vendedSourceIdentity"`
	ApplicationFilterKeepsIAM *bool    `yaml:"applicationFilterKeepsIAM"`
	DenialNamesPolicy         *bool    `yaml:"denialNamesPolicy"`
	PackedPolicyLimit         *bool    `yaml:"packedPolicyLimit"`
	IssuerThumbprints         string   `yaml:"issuerThumbprints"`
	RefuseFutureTokens        *bool    `yaml:"refuseFutureTokens"`
	ClientTokenMismatch       string   `yaml:"clientTokenMismatch"`
	ApplicationNamesUnique    *bool    `yaml:"applicationNamesUnique"`
	AccessScopeQuota          string   `yaml:"accessScopeQuota"`
	AssignmentsThroughGroups  *bool    `yaml:"assignmentsThroughGroups"`
	AuthorizationCodeGrant    *bool    `yaml:"authorizationCodeGrant"`
	UserNameFixed             *bool    `yaml:"userNameFixed"`
	FederatedProvider         string   `yaml:"federatedProvider"`
	SeveralAudiences          string   `yaml:"severalAudiences"`
	ScopeTargetsExist         *bool    `yaml:"scopeTargetsExist"`
	WorkGroupInstanceRegion   *bool    `yaml:"workGroupInstanceRegion"`
	WorkGroupExecutionRole    *bool    `yaml:"workGroupExecutionRole"`
}

// fill sets every switch that the file leaves out and refuses values that the ledger does not know.
func (s *Switches) fill() error {
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		a, ok := assumptions.BySwitch(name)
		if !ok {
			return fmt.Errorf("switches.%s has no entry in the ledger", name)
		}
		if err := fillSwitch(v.Field(i), a); err != nil {
			return fmt.Errorf("switches.%s (assumption %d): %w", name, a.Number, err)
		}
	}
	return nil
}

func fillSwitch(f reflect.Value, a assumptions.Assumption) error {
	if f.IsZero() {
		f.Set(defaultOf(f.Type(), a.Default))
		return nil
	}
	switch v := f.Interface().(type) {
	case string:
		if !slices.Contains(a.Values, v) {
			return fmt.Errorf("%q is none of %s", v, strings.Join(a.Values, ", "))
		}
	case *int:
		return checkSeconds(*v)
	}
	return nil
}

func defaultOf(t reflect.Type, value any) reflect.Value {
	if t.Kind() != reflect.Pointer {
		return reflect.ValueOf(value)
	}
	p := reflect.New(t.Elem())
	p.Elem().Set(reflect.ValueOf(value))
	return p
}
