/** Amazon S3 and object stores with its API: an archive with one object for each alert. */

import { createHash } from 'node:crypto'
import { type AwsOptions, awsIdentity } from '../aws/aws-credentials.ts'
import { awsError } from '../aws/aws-error.ts'
import { serviceUrl } from '../aws/aws-region.ts'
import { signAws } from '../aws/aws-signature.ts'
import { wireBody } from '../core/wire-body.ts'
import type { HttpRequest, HttpResponse } from '../model/ports.ts'
import { defineDestination, type ProviderError, type SendRequest } from './_destination.ts'
import {
  ARCHIVE_PROPERTIES,
  type ArchiveOptions,
  archiveContent,
  archiveKey,
} from './parts/archive-object.ts'
import { AWS_RULES } from './parts/aws-answers.ts'
import { AWS_DEPENDENCIES, AWS_PROPERTIES } from './parts/aws-options.ts'
import { joinUrl } from './parts/json-request.ts'
import { text } from './parts/option-forms.ts'

interface S3Options extends AwsOptions, ArchiveOptions {
  readonly pathStyle?: boolean
  readonly encryption?: 'AES256' | 'aws:kms' | 'aws:kms:dsse'
  readonly kmsKey?: string
  readonly storageClass?: string
  readonly bucketOwner?: string
}

const KMS_ENCRYPTIONS = ['aws:kms', 'aws:kms:dsse'] as const

export default defineDestination<S3Options>({
  type: 's3',
  summary: 'an object in an archive on Amazon S3',
  rate: { documented: 'S3 accepts at least 3,500 objects a second for each prefix.' },
  templates: ['payload'],
  digest: 'json',
  options: {
    type: 'object',
    required: ['bucket'],
    dependencies: {
      ...AWS_DEPENDENCIES,
      kmsKey: { properties: { encryption: { enum: KMS_ENCRYPTIONS, description: 'An encryption by KMS.' } } },
    },
    properties: {
      bucket: text('The bucket, or the alias of an access point.', 'soc-archive', {
        pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$',
      }),
      ...ARCHIVE_PROPERTIES,
      storageClass: {
        enum: [
          'STANDARD',
          'STANDARD_IA',
          'ONEZONE_IA',
          'INTELLIGENT_TIERING',
          'GLACIER_IR',
          'GLACIER',
          'DEEP_ARCHIVE',
          'REDUCED_REDUNDANCY',
        ],
        description: 'The storage class of the objects; absent: `STANDARD`.',
      },
      encryption: {
        enum: ['AES256', ...KMS_ENCRYPTIONS],
        description:
          'Encryption by S3 itself or by a key of KMS; absent: that of the bucket, or `aws:kms` if there is a `kmsKey`.',
      },
      kmsKey: text(
        'The key of KMS, by its id or ARN; absent: the key of your account for S3.',
        'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      ),
      bucketOwner: text('The account that must own the bucket.', '123456789012', { pattern: '^\\d{12}$' }),
      ...AWS_PROPERTIES,
      endpoint: {
        type: 'string',
        pattern: '^https?://',
        examples: ['https://minio.example.com:9000'],
        description: 'URL of another object store with the API of S3, or of a VPC endpoint.',
      },
      pathStyle: {
        type: 'boolean',
        description:
          'Name the bucket in the path of the URL and not in its host. By default `true` with `endpoint`, and for a bucket with a dot in its name.',
      },
    },
    additionalProperties: false,
  },
  request(message, options) {
    const { body, headers, ...rest } = archiveContent(message, options)
    const url = objectUrl(options, archiveKey(message, options))
    return { method: 'PUT', url, headers: { ...headers, ...objectHeaders(options) }, body, ...rest }
  },
  answers: {
    provider: 'Amazon S3',
    success: [{ status: [200], header: 'etag', text: '', receipt: (tag) => `stored with the tag ${tag}` }],
    error: s3Error,
    rules: [
      {
        codes: ['TemporaryRedirect', 'Busy', 'OperationAborted', 'ConditionalRequestConflict'],
        effect: 'retry',
      },
      {
        codes: ['BadDigest', 'InvalidDigest', 'IncompleteBody', 'XAmzContentSHA256Mismatch'],
        effect: 'retry',
        meaning: 'the object was changed on the way',
      },
      {
        codes: ['InvalidAccessKeyId', 'InvalidToken', 'AccountProblem', 'AllAccessDisabled', 'NotSignedUp'],
        effect: 'pause',
        meaning: 'the credentials or their permissions',
      },
      {
        codes: [
          'PermanentRedirect',
          'AuthorizationHeaderMalformed',
          'IllegalLocationConstraintException',
          'IncorrectEndpoint',
          'EndpointNotFound',
        ],
        effect: 'pause',
        meaning: 'the region or the endpoint',
      },
      {
        codes: ['NoSuchBucket', 'InvalidBucketName', 'InvalidBucketState'],
        effect: 'pause',
        meaning: 'the bucket',
      },
      ...AWS_RULES,
      {
        codes: [
          'InvalidStorageClass',
          'InvalidEncryptionAlgorithmError',
          'InvalidArgument',
          'InvalidRequest',
          'NotImplemented',
          'MethodNotAllowed',
          'KeyTooLongError',
          'InvalidURI',
        ],
        effect: 'pause',
        meaning: 'an option that the bucket or the object store does not support',
      },
      { codes: ['EntityTooLarge', 'MaxMessageLengthExceeded'], effect: 'dead' },
    ],
    unlisted: 'pause',
  },
  identity: (options, send) => awsIdentity(options, options.region, send),
  sign: signObject,
})

/** The key consists of characters that a URL may contain, and of `=`, which the signature has in its encoded form. */
function objectUrl({ bucket, region, endpoint, pathStyle }: S3Options, key: string): string {
  const path = key.replaceAll('=', '%3D')
  const isInPath = pathStyle ?? (endpoint !== undefined || bucket.includes('.'))
  if (isInPath) return joinUrl(endpoint ?? serviceUrl('s3', region), `${bucket}/${path}`)
  if (endpoint === undefined) return joinUrl(serviceUrl(`${bucket}.s3`, region), path)
  return joinUrl(endpoint.replace('://', `://${bucket}.`), path)
}

function objectHeaders(options: S3Options): Record<string, string> {
  const { kmsKey, storageClass, bucketOwner } = options
  const encryption = options.encryption ?? (kmsKey === undefined ? undefined : 'aws:kms')
  return {
    ...(encryption !== undefined && { 'x-amz-server-side-encryption': encryption }),
    ...(kmsKey !== undefined && { 'x-amz-server-side-encryption-aws-kms-key-id': kmsKey }),
    ...(storageClass !== undefined && { 'x-amz-storage-class': storageClass }),
    ...(bucketOwner !== undefined && { 'x-amz-expected-bucket-owner': bucketOwner }),
  }
}

/** S3 requires the SHA-256 of every body, and the MD5 where objects are locked against changes. */
function signObject(request: HttpRequest, options: S3Options, _: AbortSignal, send: SendRequest) {
  const body = wireBody(request)
  const headers = {
    ...request.headers,
    'content-md5': createHash('md5').update(body).digest('base64'),
    'x-amz-content-sha256': createHash('sha256').update(body).digest('hex'),
  }
  return signAws({ ...request, headers }, 's3', options.region, options, send)
}

/** Adds the region of the bucket, which S3 reports when a request went to another one. */
function s3Error(response: HttpResponse): ProviderError | undefined {
  const error = awsError(response)
  const { headers, body } = response
  const region = headers['x-amz-bucket-region'] ?? /<Region>([\w-]+)<\/Region>/.exec(body)?.[1]
  return error && region ? { ...error, text: `${error.text} (the bucket is in ${region})` } : error
}
