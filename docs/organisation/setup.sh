#!/bin/sh
# Sets an organisation up for trusted identity propagation, from nothing, with the
# AWS CLI alone, and configures tip-cli for it. docs/organisation.md explains it.
#
# The AWS CLI acts for two accounts: by the profiles CENTER_PROFILE and
# APPLICATION_PROFILE, or without them as administrator of a running tip-lab.
set -eu
cd "$(dirname "$0")"

: "${CENTER:=111122223333}" "${APPLICATION:=444455556666}"
: "${OKTA_URL:=https://dev-123456789.okta.com/oauth2/default}" "${OKTA_CLIENT_ID:=0oaTipCliEXAMPLE}"
: "${REGION:=eu-west-1}" "${BUCKET:=tip-organisation-data-$APPLICATION}"

# as ACCOUNT PROFILE ARGS...: the AWS CLI as administrator of an account.
as() (
  account=$1 profile=$2
  shift 2
  if [ -n "$profile" ]; then
    exec aws --region "$REGION" --profile "$profile" "$@"
  fi
  eval "$(tip-lab env --account "$account")"
  exec aws --region "$REGION" "$@"
)
center() { as "$CENTER" "${CENTER_PROFILE-}" "$@"; }
application() { as "$APPLICATION" "${APPLICATION_PROFILE-}" "$@"; }
say() { printf '%s\n' "$*" >&2; }

say '1. Identity Center, and the people in its directory'
instance=$(center sso-admin list-instances --query 'Instances[0].InstanceArn' --output text)
store=$(center sso-admin list-instances --query 'Instances[0].IdentityStoreId' --output text)
# In a company the identity provider does this, by SCIM.
analyst=$(center identitystore create-user --identity-store-id "$store" --user-name analyst@example.com \
  --name GivenName=Ana,FamilyName=Lyst --display-name Analyst \
  --emails Value=analyst@example.com,Type=work,Primary=true --query UserId --output text)
analysts=$(center identitystore create-group --identity-store-id "$store" --display-name analysts --query GroupId --output text)
center identitystore create-group-membership --identity-store-id "$store" --group-id "$analysts" --member-id "UserId=$analyst" >/dev/null

say '2. The identity provider as a trusted token issuer'
issuer=$(center sso-admin create-trusted-token-issuer --instance-arn "$instance" --name okta --trusted-token-issuer-type OIDC_JWT \
  --trusted-token-issuer-configuration "OidcJwtConfiguration={IssuerUrl=$OKTA_URL,ClaimAttributePath=email,IdentityStoreAttributePath=emails.value,JwksRetrievalOption=OPEN_ID_DISCOVERY}" \
  --query TrustedTokenIssuerArn --output text)

say '3. A customer managed application'
app=$(center sso-admin create-application --instance-arn "$instance" --name tip-cli --description 'Sign-in from the command line' \
  --application-provider-arn arn:aws:sso::aws:applicationProvider/custom --portal-options Visibility=DISABLED \
  --query ApplicationArn --output text)

say '4. Its grant: ID tokens of that issuer, made for our client'
center sso-admin put-application-grant --application-arn "$app" --grant-type urn:ietf:params:oauth:grant-type:jwt-bearer \
  --grant "{\"JwtBearer\": {\"AuthorizedTokenIssuers\": [{\"TrustedTokenIssuerArn\": \"$issuer\", \"AuthorizedAudiences\": [\"$OKTA_CLIENT_ID\"]}]}}"

say '5. Its actor policy: the application account, until there is a role to name'
# actor PRINCIPAL: only it may exchange tokens at the application.
actor() {
  center sso-admin put-application-authentication-method --application-arn "$app" --authentication-method-type IAM \
    --authentication-method "{\"Iam\": {\"ActorPolicy\": {\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\",
      \"Principal\": {\"AWS\": \"$1\"}, \"Action\": \"sso-oauth:CreateTokenWithIAM\", \"Resource\": \"*\"}]}}}"
}
actor "arn:aws:iam::$APPLICATION:root"

say '6. Its access scopes: what it may ask other services for'
for scope in s3:access_grants:read_write athena:workgroup:read_write lakeformation:query; do
  center sso-admin put-application-access-scope --application-arn "$app" --scope "$scope"
done

say '7. Who may use it: the group analysts'
center sso-admin create-application-assignment --application-arn "$app" --principal-type GROUP --principal-id "$analysts"

say '8. The roles, by CloudFormation, in the application account'
# output STACK KEY: an output of a stack.
output() {
  application cloudformation describe-stacks --stack-name "$1" --query "Stacks[0].Outputs[?OutputKey=='$2'].OutputValue" --output text
}
application cloudformation deploy --template-file roles.yaml --stack-name tip-blog-iam-stack --capabilities CAPABILITY_IAM >&2
oidc_role=$(output tip-blog-iam-stack OIDCRoleArn)
enhanced_role=$(output tip-blog-iam-stack IdEnhancedRoleArn)

say '9. The actor policy again: that role alone'
actor "$oidc_role"

say '10. A bucket, S3 Access Grants, and a grant to the group'
application s3api create-bucket --bucket "$BUCKET" --create-bucket-configuration "LocationConstraint=$REGION" >/dev/null
printf 'quarter,revenue\nQ1,1250\n' | application s3 cp - "s3://$BUCKET/reports/revenue.csv"
printf 'name,salary\n' | application s3 cp - "s3://$BUCKET/private/payroll.csv"
application cloudformation deploy --template-file location.yaml --stack-name tip-location --capabilities CAPABILITY_IAM \
  --parameter-overrides "Bucket=$BUCKET" >&2
application s3control create-access-grants-instance --account-id "$APPLICATION" --identity-center-arn "$instance" >/dev/null
location=$(application s3control create-access-grants-location --account-id "$APPLICATION" --location-scope "s3://$BUCKET" \
  --iam-role-arn "$(output tip-location LocationRoleArn)" --query AccessGrantsLocationId --output text)
application s3control create-access-grant --account-id "$APPLICATION" --access-grants-location-id "$location" \
  --access-grants-location-configuration 'S3SubPrefix=reports/*' --permission READ \
  --grantee "GranteeType=DIRECTORY_GROUP,GranteeIdentifier=$analysts" >/dev/null

say '11. tip-cli'
tip-cli configure idp --provider okta --config "{
  \"okta_url\": \"$OKTA_URL\", \"okta_client_id\": \"$OKTA_CLIENT_ID\",
  \"token_exchange_application_arn\": \"$app\", \"oidc_role_arn\": \"$oidc_role\", \"id_enhanced_role_arn\": \"$enhanced_role\"}" >&2

say "Done. Now: tip-cli auth, and then: tip-cli exec --s3 s3://$BUCKET/reports/ -- aws s3 ls s3://$BUCKET/reports/"
