package lab_test

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// centerReadings are the switches about sso-admin.
func centerReadings() map[string]reading {
	create := func(name string, token *string) *ssoadmin.CreateApplicationInput {
		return &ssoadmin.CreateApplicationInput{InstanceArn: aws.String(instance), Name: &name, ClientToken: token, ApplicationProviderArn: aws.String("arn:aws:sso::aws:applicationProvider/custom")}
	}
	asking := func(ask func(*bench, *ssoadmin.Client) error) func(*bench) string {
		return func(b *bench) string {
			return short(ask(b, ssoadmin.NewFromConfig(b.config(b.session(roleIn(center, "admin"))))))
		}
	}
	admin := []func(*lab.World){func(w *lab.World) {
		addRole(w, 0, "admin", policyOf(statement("Allow", "sts:AssumeRole", "Principal", principal(center))), allowing("*"))
		w.IdentityCenter[0].Applications[0].AssignedGroups = []string{"analysts"}
	}}
	return map[string]reading{
		"ClientTokenMismatch": {
			world: admin, turn: func(s *world.Switches) { s.ClientTokenMismatch = "ConflictException" },
			ask: asking(func(b *bench, c *ssoadmin.Client) error {
				if _, err := c.CreateApplication(b.Context(), create("one", aws.String("token"))); err != nil {
					return err
				}
				_, err := c.CreateApplication(b.Context(), create("two", aws.String("token")))
				return err
			}), want: "400 IdempotentParameterMismatch", turned: "400 ConflictException",
		},
		"ApplicationNamesUnique": {
			world: admin, turn: func(s *world.Switches) { s.ApplicationNamesUnique = off() },
			ask: asking(func(b *bench, c *ssoadmin.Client) error {
				_, err := c.CreateApplication(b.Context(), create("tip-cli", nil))
				return err
			}), want: "400 ConflictException", turned: worked,
		},
		"AccessScopeQuota": {
			world: admin, turn: func(s *world.Switches) { s.AccessScopeQuota = "ServiceQuotaExceededException" },
			ask: asking(func(b *bench, c *ssoadmin.Client) (err error) {
				for n := 0; n < 26 && err == nil; n++ {
					_, err = c.PutApplicationAccessScope(b.Context(), &ssoadmin.PutApplicationAccessScopeInput{ApplicationArn: aws.String(appARN), Scope: aws.String(fmt.Sprint("scope:", n))})
				}
				return err
			}), want: "400 ValidationException", turned: "400 ServiceQuotaExceededException",
		},
		"ScopeTargetsExist": {
			world: admin, turn: func(s *world.Switches) { s.ScopeTargetsExist = on() },
			ask: asking(func(b *bench, c *ssoadmin.Client) error {
				_, err := c.PutApplicationAccessScope(b.Context(), &ssoadmin.PutApplicationAccessScopeInput{
					ApplicationArn: aws.String(appARN), Scope: aws.String("scope:x"), AuthorizedTargets: []string{"arn:aws:sso:::instance/ssoins-ffffffffffffffff"},
				})
				return err
			}), want: worked, turned: "400 ResourceNotFoundException",
		},
		"AssignmentsThroughGroups": {
			world: admin, turn: func(s *world.Switches) { s.AssignmentsThroughGroups = on() },
			ask: func(b *bench) string {
				c := ssoadmin.NewFromConfig(b.config(b.session(roleIn(center, "admin"))))
				out, err := c.ListApplicationAssignmentsForPrincipal(b.Context(), &ssoadmin.ListApplicationAssignmentsForPrincipalInput{
					InstanceArn: aws.String(instance), PrincipalId: aws.String(analyst), PrincipalType: types.PrincipalTypeUser,
				})
				if err != nil {
					return short(err)
				}
				return fmt.Sprint(len(out.ApplicationAssignments))
			}, want: "0", turned: "1",
		},
		"AuthorizationCodeGrant": {
			world: admin, turn: func(s *world.Switches) { s.AuthorizationCodeGrant = on() },
			ask: asking(func(b *bench, c *ssoadmin.Client) error {
				_, err := c.PutApplicationGrant(b.Context(), &ssoadmin.PutApplicationGrantInput{ApplicationArn: aws.String(appARN), GrantType: types.GrantTypeAuthorizationCode,
					Grant: &types.GrantMemberAuthorizationCode{Value: types.AuthorizationCodeGrant{RedirectUris: []string{"https://app.example.com"}}}})
				return err
			}), want: "400 ValidationException", turned: worked,
		},
	}
}
