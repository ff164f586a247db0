package policy_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

func TestPublic(t *testing.T) {
	const everybody = `"Principal":"*","Action":"secretsmanager:DeleteSecret","Resource":"*"`
	for condition, want := range map[string]bool{
		`{}`: true,
		`{"StringLike":{"secretsmanager:VersionStage":"*"}}`:                             true,
		`{"StringEquals":{"secretsmanager:VersionStage":"AWSCURRENT"}}`:                  true,
		`{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}`:                       false,
		`{"StringEquals":{"AWS:principalaccount":["111122223333","444455556666"]}}`:      false,
		`{"StringLike":{"aws:PrincipalAccount":["111122223333","*"]}}`:                   true,
		`{"StringLike":{"aws:PrincipalAccount":"11112222333?"}}`:                         true,
		`{"StringEquals":{"aws:PrincipalAccount":"${aws:PrincipalAccount}"}}`:            true,
		`{"StringEqualsIfExists":{"aws:PrincipalAccount":"111122223333"}}`:               true,
		`{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}`:                    true,
		`{"ForAllValues:StringEquals":{"aws:PrincipalAccount":"111122223333"}}`:          true,
		`{"ForAnyValue:StringEquals":{"aws:PrincipalAccount":"111122223333"}}`:           false,
		`{"Null":{"aws:PrincipalAccount":"false"}}`:                                      true,
		`{"StringEquals":{"aws:PrincipalOrgID":"o-1234567890"}}`:                         false,
		`{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/a"}}`:          false,
		`{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/a"}}`:                       true,
		`{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:eu-west-1:111122223333:t"}}`:         false,
		`{"StringEquals":{"aws:SourceVpce":"vpce-1"}}`:                                   false,
		`{"StringEquals":{"aws:ResourceAccount":"111122223333"}}`:                        true,
		`{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`:                                     true,
		`{"IpAddress":{"aws:SourceIp":"10.0.0.0/7"}}`:                                    true,
		`{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.1"]}}`:                      false,
		`{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","0.0.0.0/1"]}}`:                    true,
		`{"IpAddress":{"aws:SourceIp":"2001::/31"}}`:                                     true,
		`{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}`:                                 false,
		`{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`:                               true,
		`{"StringLike":{"aws:SourceIp":"1*"}}`:                                           true,
		`{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:SourceVpc":"vpc"}}`: false,
	} {
		doc := `{"Version":"2012-10-17","Statement":{"Effect":"Allow",` + everybody + `,"Condition":` + condition + `}}`
		if got := mustParse(t, policy.Resource, doc).Public(); got != want {
			t.Errorf("%s: %v", condition, got)
		}
	}
	for statements, want := range map[string]bool{
		`[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*","Resource":"*"}]`:                                                           true,
		`[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"}]`:                                                false,
		`[{"Effect":"Deny",` + everybody + `}]`:                                                                                              false,
		`[{"Effect":"Deny",` + everybody + `},{"Effect":"Allow",` + everybody + `}]`:                                                         true,
		`[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"*","Resource":"*"},{"Sid":"x","Effect":"Allow",` + everybody + `}]`: true,
	} {
		if got := mustParse(t, policy.Resource, `{"Version":"2012-10-17","Statement":`+statements+`}`).Public(); got != want {
			t.Errorf("%s: %v", statements, got)
		}
	}
}
