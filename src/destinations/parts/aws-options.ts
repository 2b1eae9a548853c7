/** The options that the types of AWS share. */
import { text } from './option-forms.ts'

export const AWS_DEPENDENCIES = { externalId: ['roleArn'] } as const

export const AWS_PROPERTIES = {
  region: text(
    'The region, if the address does not contain it; by default that of the environment (`AWS_REGION`, `AWS_DEFAULT_REGION`), else that of the profile.',
    'eu-central-1',
  ),
  profile: text('A profile of the shared configuration files, in place of the usual chain.', 'soc'),
  roleArn: text('A role to assume with the credentials found.', 'arn:aws:iam::123456789012:role/signalbox', {
    pattern: '^arn:aws[\\w-]*:iam::\\d{12}:role/.+$',
  }),
  externalId: text('External id that the role asks for.', 'soc-42'),
  endpoint: {
    type: 'string',
    pattern: '^https?://',
    examples: ['https://vpce-0a1b.sqs.eu-central-1.vpce.amazonaws.com'],
    description: 'Another URL of the service, for example that of a VPC endpoint.',
  },
} as const
