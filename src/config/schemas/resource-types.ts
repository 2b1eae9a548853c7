/** The resource types of AWS that upstream knows; types of other providers are free. */

const NAMES = `
ACM.Certificate CloudFormation.Stack CloudTrail CloudTrail.Meta CloudWatch.LogGroup Config.Recorder Config.Recorder.Meta
DynamoDB.Table EC2.AMI EC2.Instance EC2.NetworkACL EC2.SecurityGroup EC2.VPC EC2.Volume ECS.Cluster EKS.Cluster
ELBV2.ApplicationLoadBalancer GuardDuty.Detector GuardDuty.Detector.Meta IAM.Group IAM.Policy IAM.Role IAM.RootUser
IAM.User KMS.Key Lambda.Function PasswordPolicy RDS.Instance Redshift.Cluster Route53.HostedZone Route53Domains S3.Bucket
WAF.Regional.WebACL WAF.WebACL`

export const AWS_RESOURCE_TYPES: ReadonlySet<string> = new Set(
  NAMES.trim()
    .split(/\s+/)
    .map((name) => `AWS.${name}`),
)
