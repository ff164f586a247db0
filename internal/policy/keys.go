package policy

// variableKeys are the single-valued condition keys that can be policy
// variables. Sources: IAM user guide, "AWS global condition
// context keys" and "IAM and AWS STS condition context keys"; Service
// Authorization Reference for Amazon S3; IAM Identity Center user guide,
// "Identity-enhanced IAM role sessions". Multivalued keys (aws:TagKeys,
// aws:CalledVia, aws:PrincipalOrgPaths, ...) are absent because IAM cannot use
// them as variables.
const variableKeys = `
aws:AssumedRoot aws:CalledViaFirst aws:CalledViaLast aws:ChatbotSourceArn aws:CurrentTime
aws:Ec2InstanceSourcePrivateIPv4 aws:Ec2InstanceSourceVpc aws:EpochTime aws:FederatedProvider
aws:MultiFactorAuthAge aws:MultiFactorAuthPresent aws:PrincipalAccount aws:PrincipalArn
aws:PrincipalIsAWSService aws:PrincipalOrgID aws:PrincipalServiceName aws:PrincipalType
aws:Referer aws:RequestedRegion aws:ResourceAccount aws:ResourceOrgID aws:SecureTransport
aws:SignInSessionArn aws:SourceAccount aws:SourceArn aws:SourceIdentity aws:SourceIp
aws:SourceOrgID aws:SourceVpc aws:SourceVpcArn aws:SourceVpce aws:TokenIssueTime aws:UserAgent
aws:userid aws:username aws:ViaAWSService aws:VpceAccount aws:VpceOrgID aws:VpcSourceIp

sts:AWSServiceName sts:DurationSeconds sts:ExternalId sts:RoleSessionName sts:SourceIdentity

identitystore:IdentityStoreArn identitystore:UserId
identitycenter:ApplicationArn identitycenter:CredentialId identitycenter:InstanceArn

s3:AccessGrantsInstanceArn s3:AccessGrantScope s3:AccessGrantsLocationScope s3:AccessPointNetworkOrigin s3:authType
s3:DataAccessPointAccount s3:DataAccessPointArn s3:delimiter s3:InventoryAccessibleOptionalFields
s3:locationconstraint s3:max-keys s3:prefix s3:ResourceAccount s3:signatureAge
s3:signatureversion s3:TlsVersion s3:versionid s3:x-amz-acl s3:x-amz-content-sha256
s3:x-amz-copy-source s3:x-amz-grant-full-control s3:x-amz-grant-read s3:x-amz-grant-read-acp
s3:x-amz-grant-write s3:x-amz-grant-write-acp s3:x-amz-metadata-directive
s3:x-amz-server-side-encryption s3:x-amz-server-side-encryption-aws-kms-key-id
s3:x-amz-storage-class s3:x-amz-website-redirect-location
`

// variablePrefixes are the keys that end in a tag key or the like, and the
// vendors whose keys are too many to list.
const variablePrefixes = `
aws:PrincipalTag/ aws:RequestTag/ aws:ResourceTag/
s3:ExistingObjectTag/ s3:RequestObjectTag/ s3:BucketTag/
sts:RequestContext/ iam:ResourceTag/
aoss: athena: cognito-identity.amazonaws.com: dynamodb: ec2: elasticmapreduce:
es: glue: iam: kms: lakeformation: lambda: qbusiness: redshift:
redshift-data: redshift-serverless: saml: secretsmanager: sns: sqs: ssm:
sso: sso-oauth:
`
