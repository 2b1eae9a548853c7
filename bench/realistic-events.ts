/** Events as an account of CloudTrail has them: reads, assumed roles, keys and objects, of 1.2 kB. None is an attack. */
import type { Envelope } from '../src/model/events/event.ts'
import { seededRandom } from '../test/support/random.ts'

export const REALISTIC_TYPE = 'AWS.CloudTrail'

/** Source, name, weight. The weights are those of a small account; each call is a read or is done by machines. */
const CALLS: readonly (readonly [source: string, name: string, weight: number])[] = [
  ['sts.amazonaws.com', 'AssumeRole', 22],
  ['kms.amazonaws.com', 'Decrypt', 18],
  ['kms.amazonaws.com', 'GenerateDataKey', 9],
  ['s3.amazonaws.com', 'GetObject', 9],
  ['s3.amazonaws.com', 'PutObject', 5],
  ['s3.amazonaws.com', 'HeadObject', 3],
  ['s3.amazonaws.com', 'GetBucketAcl', 2],
  ['ec2.amazonaws.com', 'DescribeInstances', 6],
  ['ec2.amazonaws.com', 'DescribeNetworkInterfaces', 3],
  ['ec2.amazonaws.com', 'DescribeVolumes', 2],
  ['ec2.amazonaws.com', 'DescribeTags', 2],
  ['logs.amazonaws.com', 'CreateLogStream', 4],
  ['logs.amazonaws.com', 'DescribeLogGroups', 2],
  ['monitoring.amazonaws.com', 'DescribeAlarms', 2],
  ['ssm.amazonaws.com', 'UpdateInstanceInformation', 3],
  ['ssm.amazonaws.com', 'GetParameters', 1],
  ['ecr.amazonaws.com', 'BatchGetImage', 1],
  ['ecs.amazonaws.com', 'DescribeTasks', 1],
  ['dynamodb.amazonaws.com', 'DescribeTable', 1],
  ['autoscaling.amazonaws.com', 'DescribeAutoScalingGroups', 1],
  ['rds.amazonaws.com', 'DescribeDBInstances', 1],
  ['iam.amazonaws.com', 'GetRole', 1],
  ['iam.amazonaws.com', 'ListPolicies', 1],
]

/** An endless supply of distinct envelopes, the same for the same seed. */
export function realisticEvents(seed: number): () => Envelope {
  const random = seededRandom(seed)
  const weighted = CALLS.flatMap((call) => Array.from({ length: call[2] }, () => call))
  let seq = 0
  return () => {
    const [source, name] = weighted[Math.floor(random() * weighted.length)]!
    const raw = JSON.stringify(record(source, name, random))
    return {
      source: 'bench',
      seq: seq++,
      kind: 'log',
      type: REALISTIC_TYPE,
      receivedAt: Date.UTC(2026, 0, 1),
      raw,
      position: `event ${seq}`,
    }
  }
}

type Random = () => number

function record(eventSource: string, eventName: string, random: Random) {
  const hex = (length: number) =>
    Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('')
  const account = String(100_000_000_000 + Math.floor(random() * 40))
  const role = `service-role-${Math.floor(random() * 60)}`
  const session = `i-${hex(17)}`
  const issued = new Date(Date.UTC(2026, 0, 1) + Math.floor(random() * 86_400_000)).toISOString()
  return {
    eventVersion: '1.09',
    userIdentity: {
      type: 'AssumedRole',
      principalId: `AROA${hex(17).toUpperCase()}:${session}`,
      arn: `arn:aws:sts::${account}:assumed-role/${role}/${session}`,
      accountId: account,
      accessKeyId: `ASIA${hex(16).toUpperCase()}`,
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: `AROA${hex(17).toUpperCase()}`,
          arn: `arn:aws:iam::${account}:role/${role}`,
          accountId: account,
          userName: role,
        },
        attributes: { creationDate: issued, mfaAuthenticated: 'false' },
      },
    },
    eventTime: issued,
    eventSource,
    eventName,
    awsRegion: random() < 0.7 ? 'eu-central-1' : 'us-east-1',
    sourceIPAddress: `10.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`,
    userAgent: 'aws-sdk-go-v2/1.24.1 os/linux lang/go#1.21.6 md/GOOS#linux md/GOARCH#amd64 api/sts#1.26.7',
    requestParameters: { roleArn: `arn:aws:iam::${account}:role/${role}`, roleSessionName: session },
    responseElements: null,
    requestID: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
    eventID: `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
    readOnly: true,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: 'sts.eu-central-1.amazonaws.com',
    },
  }
}
